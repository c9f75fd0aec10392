/** When a loss of packets is worth waking somebody, and when it is over. */

/** What one interval saw; also the sum over several. */
export interface LossInterval {
  durationMs: number;
  /** Frames observed. */
  seen: number;
  /** Frames lost: in the kernel's rings and in the interface. */
  kernelDropped: number;
  interfaceDropped: number;
}

/** A sustained loss began or ended; the sums are over the intervals in which packets were lost. */
export interface LossChange extends LossInterval {
  state: 'started' | 'ended';
  /** Of all packets, in percent. */
  lostPercent: number;
  thresholdPercent: number;
}

const NOTHING: LossInterval = { durationMs: 0, seen: 0, kernelDropped: 0, interfaceDropped: 0 };

export function lostPercentOf({ seen, kernelDropped, interfaceDropped }: LossInterval): number {
  const lost = kernelDropped + interfaceDropped;
  return lost === 0 ? 0 : (100 * lost) / (seen + lost);
}

/**
 * Speaks once more than `thresholdPercent` was lost in each of `intervals` intervals in a row, and
 * once this was so in none of as many: a single burst wakes nobody, and a loss that comes and goes
 * is one.
 */
export class LossWatch {
  #isRaised = false;
  /** Intervals in a row that speak for a change. */
  #streak = 0;
  #total = NOTHING;
  /** Calm intervals of a raised loss: part of it if it goes on. */
  #pending = NOTHING;

  constructor(
    private readonly thresholdPercent: number,
    private readonly intervals: number,
  ) {}

  get isRaised(): boolean {
    return this.#isRaised;
  }

  take(interval: LossInterval): LossChange | null {
    const isLossy = lostPercentOf(interval) > this.thresholdPercent;
    if (this.#isRaised) {
      this.#pending = sum(this.#pending, interval);
      if (isLossy) this.#total = sum(this.#total, this.#pending);
      if (isLossy) this.#pending = NOTHING;
    } else {
      this.#total = isLossy ? sum(this.#total, interval) : NOTHING;
    }
    this.#streak = isLossy === this.#isRaised ? 0 : this.#streak + 1;
    if (this.#streak < this.intervals) return null;
    this.#isRaised = isLossy;
    this.#streak = 0;
    const total = this.#total;
    if (!isLossy) {
      this.#total = NOTHING;
      this.#pending = NOTHING;
    }
    const lostPercent = rounded(lostPercentOf(total));
    const { thresholdPercent } = this;
    return { state: isLossy ? 'started' : 'ended', ...total, lostPercent, thresholdPercent };
  }
}

/** To a thousandth of a percent: one packet in 100,000. */
export function rounded(percent: number): number {
  return Math.round(percent * 1000) / 1000;
}

function sum(one: LossInterval, other: LossInterval): LossInterval {
  return {
    durationMs: one.durationMs + other.durationMs,
    seen: one.seen + other.seen,
    kernelDropped: one.kernelDropped + other.kernelDropped,
    interfaceDropped: one.interfaceDropped + other.interfaceDropped,
  };
}
