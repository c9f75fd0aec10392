/** What was counted of a source: in the last minute, epoch by epoch, and in all before it. */
import type { Origin } from './batch.js';
import { SourceCounter } from './batch-layout.js';
import { MINUTE_US, withEpoch } from './epochs.js';

const SOURCE_COUNTERS = Object.keys(SourceCounter).length;
const NONE: readonly number[] = new Array<number>(SOURCE_COUNTERS).fill(0);
/** About what an epoch takes in memory. */
const EPOCH_BYTES = 448;

/** What one sensor counted in one epoch. */
interface Epoch {
  startUs: number;
  sensor: string;
  counters: readonly number[];
}

/** Ordinary fields alone: a checkpoint walks them. */
export class MinuteCounters {
  /** Those of the minute in their order, their sum, and the sum of those before. */
  private epochs: Epoch[] = [];
  private recent: readonly number[] = NONE;
  private settled: readonly number[] = NONE;

  get bytes(): number {
    return this.epochs.length * EPOCH_BYTES;
  }

  /**
   * Takes in one epoch's counters (SourceCounter). Those of the same sensor and epoch are
   * superseded; what several sensors saw adds up.
   */
  merge(counters: readonly number[], { sensor, epochStartUs: startUs }: Origin): void {
    const last = this.epochs.findIndex(
      (epoch) => epoch.startUs === startUs && epoch.sensor === sensor,
    );
    if (last >= 0) {
      this.recent = combine(this.recent, this.epochs[last].counters, -1);
      this.epochs[last] = { startUs, sensor, counters };
    } else {
      this.epochs = withEpoch(this.epochs, { startUs, sensor, counters });
    }
    // Most sources are seen in one epoch only: they share its counters.
    this.recent = this.epochs.length === 1 ? counters : combine(this.recent, counters, 1);
    this.slide(startUs);
  }

  /** Moves the minute to packet time `nowUs`. */
  slide(nowUs: number): void {
    while (this.epochs.length > 0 && this.epochs[0].startUs < nowUs - MINUTE_US) this.settle();
  }

  /** Ends the minute's oldest epochs early until they take at most `limitBytes`. */
  shrink(limitBytes: number): void {
    while (this.epochs.length > 1 && this.bytes > limitBytes) this.settle();
  }

  /** One summed over the last minute. */
  ofMinute(counter: number): number {
    return this.recent[counter];
  }

  /** One since the beginning. */
  ofAll(counter: number): number {
    return this.settled[counter] + this.recent[counter];
  }

  private settle(): void {
    const { counters } = this.epochs.shift() as Epoch;
    this.recent = combine(this.recent, counters, -1);
    this.settled = combine(this.settled, counters, 1);
  }
}

function combine(counts: readonly number[], more: readonly number[], sign: 1 | -1): number[] {
  return counts.map((count, counter) => count + sign * more[counter]);
}
