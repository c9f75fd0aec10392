/**
 * HyperLogLog on the judging side: the sketches of batches are merged here and read. Registers as
 * the observers write them (batch-layout: 4,096 registers, rank 1 to 21); estimate by Ertl 2017,
 * "New cardinality estimation algorithms for HyperLogLog sketches", algorithm 6: unbiased over the
 * whole range without tables.
 */
import { HLL_PRECISION, HLL_REGISTERS } from './batch-layout.js';

/** Bits of the hash that give the rank, and the largest rank: one more. */
const RANK_BITS = 32 - HLL_PRECISION;
const RANK_MAX = RANK_BITS + 1;

export class Sketch {
  readonly registers = new Uint8Array(HLL_REGISTERS);

  /** Adds an element by its finished 32-bit hash (`hash.ts`). */
  add(hash: number): void {
    const at = hash >>> (32 - HLL_PRECISION);
    const rank = Math.clz32((hash << HLL_PRECISION) | (1 << (HLL_PRECISION - 1))) + 1;
    if (this.registers[at] < rank) this.registers[at] = rank;
  }

  /** Takes in another sketch's registers. Idempotent and commutative. */
  merge(registers: Uint8Array): void {
    for (let at = 0; at < HLL_REGISTERS; at++) {
      if (registers[at] > this.registers[at]) this.registers[at] = registers[at];
    }
  }

  /** Distinct elements, rounded; standard error 1.6 %. */
  estimate(): number {
    const histogram = new Float64Array(RANK_MAX + 1);
    for (let at = 0; at < HLL_REGISTERS; at++) histogram[Math.min(this.registers[at], RANK_MAX)]++;
    let z = HLL_REGISTERS * tau(1 - histogram[RANK_MAX] / HLL_REGISTERS);
    for (let rank = RANK_BITS; rank >= 1; rank--) z = 0.5 * (z + histogram[rank]);
    z += HLL_REGISTERS * sigma(histogram[0] / HLL_REGISTERS);
    return Math.round(HLL_REGISTERS ** 2 / (2 * Math.LN2 * z));
  }
}

function sigma(x: number): number {
  if (x === 1) return Number.POSITIVE_INFINITY;
  let power = x;
  let weight = 1;
  let sum = x;
  for (let previous = -1; sum !== previous; weight *= 2) {
    previous = sum;
    power *= power;
    sum += power * weight;
  }
  return sum;
}

function tau(x: number): number {
  if (x === 0 || x === 1) return 0;
  let root = x;
  let weight = 1;
  let sum = 1 - x;
  for (let previous = -1; sum !== previous; ) {
    previous = sum;
    root = Math.sqrt(root);
    weight *= 0.5;
    sum -= (1 - root) ** 2 * weight;
  }
  return sum / 3;
}
