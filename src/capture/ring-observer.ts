import type { Input, Observer, ObserverEvents, ObserverStats } from './contract.js';

/** Of the interface they share, or levels: no sum, the worst ring counts. */
const NO_SUMS = new Set([
  'capture_filter',
  'capture_interface_dropped',
  'capture_interruptions',
  'capture_relief',
  'lag_us',
  'waiting_frames',
]);

/**
 * Several observers of one interface, each with a ring and a thread of its own. They share nothing:
 * each is a sensor of its own to the workers, where what they saw of one source comes together.
 */
export class RingObserver implements Observer {
  readonly name: Observer['name'];
  readonly #rings: readonly Observer[];

  constructor(rings: readonly Observer[]) {
    this.#rings = rings;
    this.name = rings[0].name;
  }

  /** Ends when all rings have; the first that fails ends the others. */
  async run(input: Input, events: ObserverEvents): Promise<void> {
    const { opened, interrupted, ...others } = events;
    const quiet = { ...others, ...(opened && { opened: onceAllCall(this.#rings.length, opened) }) };
    // A link that goes down does so for every ring: one of them says it.
    const loud = { ...quiet, ...(interrupted && { interrupted }) };
    const ends = await Promise.allSettled(
      this.#rings.map(async (ring, index) => {
        try {
          await ring.run(input, index === 0 ? loud : quiet);
        } catch (error) {
          this.stop();
          throw error;
        }
      }),
    );
    const failure = ends.find((end) => end.status === 'rejected');
    if (failure) throw failure.reason;
  }

  stop(): void {
    for (const ring of this.#rings) ring.stop();
  }

  get isAway(): boolean {
    return this.#rings.some((ring) => ring.isAway);
  }

  stats(): ObserverStats {
    const sum: ObserverStats = {};
    for (const ring of this.#rings) {
      for (const [name, count] of Object.entries(ring.stats())) {
        const before = sum[name] ?? 0;
        sum[name] = NO_SUMS.has(name) ? Math.max(before, count) : before + count;
      }
    }
    return sum;
  }
}

/**
 * Calls `then` once `count` have called, and lets them all wait for it: what the process may not do
 * afterwards, all of them must have done. Whoever calls later waits for nothing more.
 */
function onceAllCall(count: number, then: () => Promise<void> | void): () => Promise<void> {
  let left = count;
  let release = (_: Promise<void> | void): void => {};
  const done = new Promise<void>((resolve) => {
    release = resolve;
  });
  return () => {
    left--;
    if (left === 0) release((async () => then())());
    return done;
  };
}
