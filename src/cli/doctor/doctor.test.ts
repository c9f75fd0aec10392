import { describe, expect, it } from 'vitest';
import { checkInterface, checkOffloads, hasCapability } from './interface.js';
import { checkNode } from './toolchain.js';

describe('doctor', () => {
  it.each([
    ['20.18.3', 'missing'],
    ['20.19.0', 'ok'],
    ['18.20.0', 'missing'],
    ['24.1.0', 'ok'],
  ])('judges Node.js %s as %s', (version, status) => {
    expect(checkNode(version).status).toBe(status);
  });

  it('reads CAP_NET_RAW from the effective set only', () => {
    const status = (effective: string) => `CapPrm:\t0000000000002000\nCapEff:\t${effective}\n`;
    expect(hasCapability(status('0000000000002000'), 13n)).toBe(true);
    expect(hasCapability(status('0000000000001000'), 13n)).toBe(false);
    expect(hasCapability(null, 13n)).toBe(false);
  });

  it('gives the one ethtool command that turns off what falsifies packets', () => {
    const features = [
      'rx-checksumming: on',
      'tx-checksumming: on',
      'tcp-segmentation-offload: off',
      'generic-receive-offload: on',
      'large-receive-offload: off [fixed]',
    ].join('\n');
    const result = checkOffloads('eth0', features);
    expect(result.status).toBe('warn');
    expect(result.fix).toBe('ethtool -K eth0 gro off tx off');
    expect(checkOffloads('eth0', features.replaceAll(': on', ': off')).status).toBe('ok');
  });

  it('names the interfaces there are when the one asked for is not', () => {
    const [result] = checkInterface('no-such0');
    expect(result).toMatchObject({ check: 'interface', status: 'missing' });
    expect(result.fix).toMatch(/\blo\b/);
    expect(checkInterface('../../proc/self')[0].status).toBe('missing');
  });
});
