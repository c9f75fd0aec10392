import { describe, expect, it } from 'vitest';
import { checkInterface, checkOffloads } from './interface.js';
import { checkPrivileges } from './privileges.js';
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

  const NET_RAW = '0000000000002000';
  const ALL = '000001ffffffffff';
  it.each([
    ['root', 0, ALL, 'ok', /^root: .*become/],
    [
      'root of a container that may not watch',
      0,
      '00000000000000c0',
      'warn',
      /without CAP_NET_RAW/,
    ],
    ['root that cannot stop being it', 0, NET_RAW, 'warn', /without CAP_SETUID/],
    ['a user with the capability', 65_534, NET_RAW, 'ok', /^CAP_NET_RAW without root/],
    ['a user with another capability', 65_534, '0000000000001000', 'warn', /^neither/],
    ['a user', 65_534, '0000000000000000', 'warn', /^neither/],
  ])('names the privileges of %s', (_, uid, effective, status, found) => {
    // What is permitted but not in effect does not count.
    const result = checkPrivileges(uid, `CapPrm:\t${ALL}\nCapEff:\t${effective}\n`);
    expect(result).toMatchObject({ status, found: expect.stringMatching(found) });
    expect(result.fix === undefined).toBe(status === 'ok');
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
