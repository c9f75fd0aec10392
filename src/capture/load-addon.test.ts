import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { LAYOUT_VERSION } from '../../packages/plugin-api/src/batch-layout.js';
import { DEFAULT_OPTIONS } from './contract.js';
import { load } from './load-addon.js';
import { openObserver } from './open-observer.js';

const folder = mkdtempSync(join(tmpdir(), 'picket-addon-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** An addon's stand-in: what counts is what it exports. */
function addonFile(name: string, program: string): string {
  const path = join(folder, `${name}.cjs`);
  writeFileSync(path, program);
  return path;
}

describe('load', () => {
  it('takes an addon of this layout', () => {
    const path = addonFile('right', `exports.layoutVersion = ${LAYOUT_VERSION};`);
    expect(load({ PICKET_ADDON: path })).toEqual({ addon: { layoutVersion: LAYOUT_VERSION } });
  });

  it('refuses an addon of another layout, and says how to get the right one', () => {
    const path = addonFile('wrong', `exports.layoutVersion = ${LAYOUT_VERSION + 1};`);
    expect(load({ PICKET_ADDON: path })).toEqual({
      reason: expect.stringMatching(/another version \(batch layout \d+, this program \d+\)/),
    });
  });

  it('says that it is not built', () => {
    expect(load({ PICKET_ADDON: join(folder, 'absent.node') })).toEqual({
      reason: expect.stringContaining('not built'),
    });
  });

  it('says why it cannot be loaded', () => {
    const path = addonFile('broken', 'throw new Error("GLIBC_9 not found\\nmore");');
    expect(load({ PICKET_ADDON: path })).toEqual({
      reason: 'the addon cannot be loaded: GLIBC_9 not found',
    });
  });

  it('leaves it alone when told so', () => {
    expect(load({ PICKET_OBSERVER: 'typescript' })).toEqual({
      reason: 'PICKET_OBSERVER=typescript is set',
    });
  });
});

describe('openObserver', () => {
  const absent = { reason: 'it rained' };

  it('falls back and says why', () => {
    const { observer, fellBack } = openObserver('auto', DEFAULT_OPTIONS, null, absent);
    expect(observer.name).toBe('typescript');
    expect(fellBack).toBe('it rained');
  });

  it('does not fall back when the native observer was asked for', () => {
    expect(() => openObserver('native', DEFAULT_OPTIONS, null, absent)).toThrow(
      expect.objectContaining({
        code: 'observer-unavailable',
        message: expect.stringContaining('it rained'),
      }),
    );
  });

  it('says nothing when the TypeScript observer was asked for', () => {
    const opened = openObserver('typescript', DEFAULT_OPTIONS, null, absent);
    expect(opened).toEqual({ observer: expect.objectContaining({ name: 'typescript' }) });
  });

  it('takes an addon without libpcap for files only', () => {
    const addon = { layoutVersion: LAYOUT_VERSION, hasLiveCapture: false } as never;
    expect(openObserver('auto', DEFAULT_OPTIONS, null, { addon }).observer.name).toBe('native');
    const live = openObserver('auto', DEFAULT_OPTIONS, { rings: 1 }, { addon });
    expect(live.observer.name).toBe('typescript');
    expect(live.fellBack).toContain('without libpcap');
  });
});
