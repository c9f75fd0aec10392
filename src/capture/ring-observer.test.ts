import { describe, expect, it } from 'vitest';
import type { Input, Observer, ObserverEvents, ObserverStats } from './contract.js';
import { RingObserver } from './ring-observer.js';

const LIVE: Input = {
  kind: 'interface',
  ...{ name: 'near0', snapLength: 2048, bufferSize: 2 ** 20, promiscuous: true, rings: 2 },
};

/** A ring that does `live` and is then done. */
function ring(stats: ObserverStats, live?: (events: ObserverEvents) => Promise<void>): Observer {
  return {
    name: 'native',
    isAway: false,
    stats: () => stats,
    stop() {},
    run: async (_, events) => live?.(events),
  };
}

describe('RingObserver', () => {
  it('adds up what each ring saw, but not what happened to the interface they share', () => {
    const seen = (frames: number, interruptions: number) =>
      ring({
        ...{ frames, capture_interface_dropped: 7, capture_relief: 1 },
        capture_interruptions: interruptions,
      });
    expect(new RingObserver([seen(3, 1), seen(4, 2)]).stats()).toEqual({
      frames: 7,
      capture_interface_dropped: 7,
      capture_relief: 1,
      capture_interruptions: 2,
    });
  });

  it('tells the worst lag and the fullest ring, and adds up processor time', () => {
    const ofRing = (lag: number, waiting: number) =>
      ring({ busy_us: 10, lag_us: lag, waiting_frames: waiting });
    expect(new RingObserver([ofRing(5, 100), ofRing(9, 50)]).stats()).toEqual({
      ...{ busy_us: 20, lag_us: 9, waiting_frames: 100 },
    });
  });

  it('is open once, when all rings are, and says an interruption once', async () => {
    const said: string[] = [];
    const live = (name: string) => async (events: ObserverEvents) => {
      said.push(`${name} opens`);
      await events.opened?.();
      said.push(`${name} goes on`);
      events.interrupted?.('down');
      await events.opened?.();
    };
    const rings = new RingObserver([ring({}, live('one')), ring({}, live('two'))]);
    await rings.run(LIVE, {
      batch() {},
      opened: () => void said.push('open'),
      interrupted: (reason) => void said.push(reason),
    });
    expect(said.slice(0, 3)).toEqual(['one opens', 'two opens', 'open']);
    expect(said.slice(3).sort()).toEqual(['down', 'one goes on', 'two goes on']);
  });
});
