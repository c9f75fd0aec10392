/** Whoever reads at least this often misses no peak. As `loads_` of native/node/runner.h. */
const SECONDS = 10;

/** The highest of the values noted in the last ten seconds, second by second. */
export class Lately {
  readonly #peaks: number[] = new Array(SECONDS).fill(0);
  readonly #seconds: number[] = new Array(SECONDS).fill(Number.NEGATIVE_INFINITY);

  note(value: number, nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    const slot = second % SECONDS;
    if (this.#seconds[slot] !== second) this.#peaks[slot] = 0;
    this.#seconds[slot] = second;
    this.#peaks[slot] = Math.max(this.#peaks[slot], value);
  }

  /** 0 when nothing was noted. */
  most(nowMs: number): number {
    const oldest = Math.floor(nowMs / 1000) - SECONDS;
    return Math.max(0, ...this.#peaks.filter((_, slot) => this.#seconds[slot] > oldest));
  }
}
