import { describe, expect, it } from 'vitest';
import type { Input } from './contract.js';
import type { Engine, EngineFailure } from './engine.js';
import { EngineObserver } from './engine-observer.js';

const LIVE: Input = {
  kind: 'interface',
  ...{ name: 'near0', snapLength: 2048, bufferSize: 2 ** 20, promiscuous: true, rings: 1 },
};
const down = (wasOpen: boolean): EngineFailure => ({
  kind: 'live-failed',
  ...{ problem: 'interface-down', reason: 'it was taken down', wasOpen },
});

/** An engine whose tries to watch end as told; the last one watches until it is stopped. */
function engineOf(tries: (EngineFailure | 'watches')[]): Engine {
  let release = (): void => {};
  const stopped = new Promise<void>((resolve) => {
    release = resolve;
  });
  return {
    async watch(_input, opened) {
      const next = tries.shift() ?? 'watches';
      if (next === 'watches' || (next.kind === 'live-failed' && next.wasOpen)) await opened();
      if (next !== 'watches') return next;
      await stopped;
      return undefined;
    },
    stop: () => release(),
    readFile: async () => undefined,
    push: async () => {},
    endStream: async () => undefined,
    finish: async () => {},
    release() {},
    readBytes: () => 0,
    stats: () => ({ frames: 1 }),
    close: async () => {},
  };
}

describe('EngineObserver', () => {
  it('is away while its interface is down, and counts that', async () => {
    const observer = new EngineObserver('native', () => engineOf([down(true), 'watches']));
    const seen: unknown[] = [];
    let opens = 0;
    await observer.run(LIVE, {
      batch() {},
      interrupted: (reason) => seen.push(observer.isAway, reason),
      opened() {
        opens++;
        seen.push(observer.isAway);
        if (opens === 2) observer.stop();
      },
    });
    expect(seen).toEqual([false, true, expect.stringContaining('near0'), false]);
    expect(observer.stats()).toMatchObject({ capture_interruptions: 1, capture_relief: 0 });
  });

  it('says that relief is on, from the start', async () => {
    const observer = new EngineObserver('native', () => engineOf(['watches']));
    await observer.run({ ...LIVE, hasRelief: true }, { batch() {}, opened: () => observer.stop() });
    expect(observer.stats().capture_relief).toBe(1);
  });

  it('says what to do when an interface is back and privileges are not', async () => {
    const refused: EngineFailure = {
      kind: 'live-failed',
      ...{ problem: 'no-privileges', reason: 'not permitted', wasOpen: false },
    };
    const observer = new EngineObserver('typescript', () => engineOf([down(true), refused]));
    await expect(observer.run(LIVE, { batch() {} })).rejects.toMatchObject({
      code: 'interface-unavailable',
      message: expect.stringMatching(/near0 is back .*native observer.*--stay-root/),
    });
  });

  it('does not wait for an interface that never was open', async () => {
    const observer = new EngineObserver('native', () => engineOf([down(false)]));
    const watching = observer.run(LIVE, { batch() {} });
    await expect(watching).rejects.toMatchObject({ code: 'interface-unavailable' });
  });
});
