/** The largest integer a JavaScript number holds exactly; the year 2255 in microseconds. */
const TIME_US_MAX = Number.MAX_SAFE_INTEGER;
const HIGH = 2 ** 32;

/**
 * Time stamps of one pcapng interface: counts of a power of 10 or 2 a second, moved by whole
 * seconds. Twin: `PcapngClock` in `native/core/capture/pcapng.{h,cc}`.
 */
export class PcapngClock {
  #perSecond = 1_000_000n;
  #offsetS = 0n;
  #unit: 'micro' | 'nano' | 'other' = 'micro';

  /**
   * `resolution` is if_tsresol: the top bit says power of 2, the rest is the negative exponent.
   * False when the count of one second does not fit in 64 bits.
   */
  setResolution(resolution: number): boolean {
    const exponent = resolution & 0x7f;
    const isBinary = (resolution & 0x80) !== 0;
    if (exponent > (isBinary ? 63 : 19)) return false;
    this.#perSecond = (isBinary ? 2n : 10n) ** BigInt(exponent);
    this.#chooseUnit();
    return true;
  }

  setOffset(seconds: bigint): void {
    this.#offsetS = seconds;
    this.#chooseUnit();
  }

  /** Microseconds since 1970, rounded down and held within 0 to 2^53 - 1. */
  timeUs(high: number, low: number): number {
    if (this.#unit === 'micro') return Math.min(high * HIGH + low, TIME_US_MAX);
    if (this.#unit === 'nano') {
      // Long division, so that no step leaves the exact integers below 2^53 unless the result does.
      const thousands = Math.floor(high / 1000);
      const rest = (high % 1000) * HIGH + low;
      return Math.min(thousands * HIGH + Math.floor(rest / 1000), TIME_US_MAX);
    }
    const stamp = (BigInt(high) << 32n) | BigInt(low);
    const time = (stamp * 1_000_000n) / this.#perSecond + this.#offsetS * 1_000_000n;
    if (time < 0n) return 0;
    return time > BigInt(TIME_US_MAX) ? TIME_US_MAX : Number(time);
  }

  /** The two resolutions that files really have are computed without big integers. */
  #chooseUnit(): void {
    this.#unit = 'other';
    if (this.#offsetS !== 0n) return;
    if (this.#perSecond === 1_000_000n) this.#unit = 'micro';
    if (this.#perSecond === 1_000_000_000n) this.#unit = 'nano';
  }
}
