/**
 * HyperLogLog sketches (Flajolet et al. 2007) from one bounded pool: 16,384 registers of a byte
 * each, standard error 1.04/sqrt(16384) = 0.8 %. The 32-bit hash gives the register (14 bits) and
 * the rank (the other 18); its collisions add 0.1 % at ten million elements. Twin: `sketches.h`.
 */
import { HLL_PRECISION, HLL_REGISTERS } from '../../../plugin-api/src/batch-layout.js';

/** No sketch was needed so far. */
export const NO_SKETCH = -1;
/**
 * One was needed and the pool was empty: the set is known to be larger than its list, not by how
 * much.
 */
export const REFUSED_SKETCH = -2;

export class Sketches {
  readonly registers: Uint8Array;
  private used = 0;
  /** Sketches asked for when the pool was empty, cumulative. */
  refused = 0;

  constructor(private readonly capacity: number) {
    this.registers = new Uint8Array(capacity * HLL_REGISTERS);
  }

  /** A cleared sketch, or `REFUSED_SKETCH`. */
  take(): number {
    if (this.used === this.capacity) {
      this.refused++;
      return REFUSED_SKETCH;
    }
    const sketch = this.used++;
    this.registers.fill(0, sketch * HLL_REGISTERS, (sketch + 1) * HLL_REGISTERS);
    return sketch;
  }

  /** Adds an element by its finished 32-bit hash; nothing without a sketch. */
  add(sketch: number, hash: number): void {
    if (sketch < 0) return;
    const at = sketch * HLL_REGISTERS + (hash >>> (32 - HLL_PRECISION));
    // The other bits decide the rank; a sentinel bit behind them bounds it at 19.
    const rank = Math.clz32((hash << HLL_PRECISION) | (1 << (HLL_PRECISION - 1))) + 1;
    if (this.registers[at] < rank) this.registers[at] = rank;
  }

  bytes(sketch: number): Uint8Array {
    return this.registers.subarray(sketch * HLL_REGISTERS, (sketch + 1) * HLL_REGISTERS);
  }

  /** Forgets all of them: the epoch is over. */
  clear(): void {
    this.used = 0;
  }
}
