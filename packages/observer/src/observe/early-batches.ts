/**
 * Which sources were sent early lately. A scan that goes on reaches the same count every epoch;
 * that was said once, and judging it anew is most of what a judge does. Kept beyond the epoch, in a
 * table where a newcomer takes the place it falls on: who lost its place is sent early again.
 * Twin: `early_batches.h`.
 */
import type { AddressIndex } from './address-index.js';

/** What a source can reach, as bits. */
export const EARLY_TARGETS = 1;
export const EARLY_PORTS = 2;
export const EARLY_PAIRS = 4;
const COUNTS = 3;
/**
 * A count that was reached within this time before is no news: the shortest window that findings
 * are made from by default.
 */
export const EARLY_AGAIN_US = 60_000_000;
/** Loud sources at one time, a power of two. */
export const EARLY_SOURCES_MAX = 1024;
const NEVER = -Infinity;

export class EarlyBatches {
  private readonly key = new Int32Array(EARLY_SOURCES_MAX);
  private readonly words = new Int32Array(4 * EARLY_SOURCES_MAX);
  private readonly reachedUs = new Float64Array(COUNTS * EARLY_SOURCES_MAX).fill(NEVER);

  /**
   * Notes that row `source` of `index` reached `counts` in the epoch that began at `epochUs`. True
   * when it had not reached one of them lately.
   */
  isDue(index: AddressIndex, source: number, counts: number, epochUs: number): boolean {
    const slot = index.keyedHashOf(source) & (EARLY_SOURCES_MAX - 1);
    const at = slot * 4;
    const from = source * 4;
    const [w0, w1, w2, w3] = this.words.subarray(at, at + 4);
    if (!index.is(source, this.key[slot], w0, w1, w2, w3)) {
      this.key[slot] = index.key[source];
      this.words.set(index.words.subarray(from, from + 4), at);
      this.reachedUs.fill(NEVER, slot * COUNTS, (slot + 1) * COUNTS);
    }
    let due = false;
    for (let count = 0; count < COUNTS; count++) {
      if (((counts >> count) & 1) === 0) continue;
      const reachedUs = this.reachedUs[slot * COUNTS + count];
      // Captures may follow each other backwards in time.
      due ||= epochUs < reachedUs || epochUs - reachedUs > EARLY_AGAIN_US;
      this.reachedUs[slot * COUNTS + count] = epochUs;
    }
    return due;
  }
}
