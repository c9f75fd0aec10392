/**
 * HyperLogLog on the judging side: the sketches of batches are merged here and read. Registers as
 * the observers write them (batch-layout: 16,384 registers, rank 1 to 19); estimate by Ertl 2017,
 * "New cardinality estimation algorithms for HyperLogLog sketches", algorithm 6: unbiased over the
 * whole range without tables.
 */
import { HLL_PRECISION, HLL_REGISTERS } from './batch-layout.js';
import { NumberSet } from './number-set.js';

/** Bits of the hash that give the rank, and the largest rank: one more. */
const RANK_BITS = 32 - HLL_PRECISION;
const RANK_MAX = RANK_BITS + 1;

/** Registers are worked on four at a time, as the bytes of a word. */
const WORDS = HLL_REGISTERS / 4;
/** Ranks need seven bits of a byte; the eighth tells which of two is greater. */
const RANKS = 0x7f7f7f7f;
const TOPS = 0x80808080 | 0;

/** Elements of a sketch that are listed, in half of what its registers would take. */
const FEW_MAX = 1536;
/** About what one takes in memory beside those. */
const BARE_BYTES = 56;

/** Ordinary fields alone: a checkpoint walks them. */
export class Sketch {
  /** Hashes of all elements while they are few; null: those of `dense`. */
  private few: NumberSet | null = new NumberSet();
  private dense: Uint8Array | null = null;

  /** HLL_REGISTERS bytes, the sketch's own. */
  get registers(): Uint8Array {
    return this.widen();
  }

  /** About what it takes in memory. */
  get bytes(): number {
    return BARE_BYTES + (this.dense?.length ?? 0) + (this.few?.bytes ?? 0);
  }

  /** Adds an element by its finished 32-bit hash (`hash.ts`). */
  add(hash: number): void {
    if (this.few === null) raise(this.registers, hash);
    else if (this.few.add(hash) && this.few.size > FEW_MAX) this.widen();
  }

  addAll(hashes: Iterable<number>): void {
    for (const hash of hashes) this.add(hash);
  }

  /** Takes in another sketch's registers. Idempotent and commutative. */
  merge(registers: Uint8Array): void {
    const into = wordsOf(this.registers);
    const from = wordsOf(registers);
    for (let at = 0; at < WORDS; at++) {
      const theirs = from[at] & RANKS;
      const ours = into[at];
      // A byte's top bit stays where ours is at least theirs; seven bits of ones grow from it.
      const kept = ((ours | TOPS) - theirs) & TOPS;
      const mask = (kept - (kept >>> 7)) | 0;
      into[at] = (ours & mask) | (theirs & ~mask);
    }
  }

  /** Takes in another sketch. */
  absorb(other: Sketch): void {
    if (other.few !== null)
      other.few.forEach((hash) => {
        this.add(hash);
      });
    else this.merge(other.registers);
  }

  /** Forgets all. */
  clear(): void {
    this.dense?.fill(0);
    this.few ??= new NumberSet();
    this.few.clear();
  }

  /** From now on there are registers alone. */
  private widen(): Uint8Array {
    const dense = this.dense ?? new Uint8Array(HLL_REGISTERS);
    this.dense = dense;
    this.few?.forEach((hash) => {
      raise(dense, hash);
    });
    this.few = null;
    return dense;
  }

  /** Distinct elements, rounded; standard error 0.8 %, none while they are few. */
  estimate(): number {
    if (this.few !== null) return this.few.size;
    const histogram = histogramOf(this.registers);
    let z = HLL_REGISTERS * tau(1 - histogram[RANK_MAX] / HLL_REGISTERS);
    for (let rank = RANK_BITS; rank >= 1; rank--) z = 0.5 * (z + histogram[rank]);
    z += HLL_REGISTERS * sigma(histogram[0] / HLL_REGISTERS);
    return Math.round(HLL_REGISTERS ** 2 / (2 * Math.LN2 * z));
  }
}

function raise(registers: Uint8Array, hash: number): void {
  const at = hash >>> (32 - HLL_PRECISION);
  const rank = Math.clz32((hash << HLL_PRECISION) | (1 << (HLL_PRECISION - 1))) + 1;
  if (registers[at] < rank) registers[at] = rank;
}

const union = new Sketch();

/** Distinct elements of all the sketches together with those of `hashes`, as `estimate` says. */
export function estimateUnion(sketches: readonly Sketch[], hashes: Iterable<number>): number {
  union.clear();
  for (const sketch of sketches) union.absorb(sketch);
  union.addAll(hashes);
  return union.estimate();
}

const aligned = new Uint8Array(HLL_REGISTERS);

/**
 * The registers as words; a copy of them, good until the next call, where they lie oddly or, from a
 * checkpoint that somebody made up, are too few or too many.
 */
function wordsOf(registers: Uint8Array): Int32Array {
  let at = registers;
  if (registers.byteOffset % 4 !== 0 || registers.length !== HLL_REGISTERS) {
    aligned.fill(0);
    aligned.set(registers.subarray(0, HLL_REGISTERS));
    at = aligned;
  }
  return new Int32Array(at.buffer, at.byteOffset, WORDS);
}

/** Seven bits of rank. */
const COLUMN = 128;
/** Registers by rank. Each byte of a word counts in a column of its own: none waits for another. */
const columns = new Int32Array(4 * COLUMN);

function histogramOf(registers: Uint8Array): Float64Array {
  columns.fill(0);
  const words = wordsOf(registers);
  for (let at = 0; at < WORDS; at++) {
    const word = words[at];
    columns[word & 0x7f]++;
    columns[COLUMN + ((word >>> 8) & 0x7f)]++;
    columns[2 * COLUMN + ((word >>> 16) & 0x7f)]++;
    columns[3 * COLUMN + ((word >>> 24) & 0x7f)]++;
  }
  const histogram = new Float64Array(RANK_MAX + 1);
  for (let at = 0; at < columns.length; at++)
    histogram[Math.min(at % COLUMN, RANK_MAX)] += columns[at];
  return histogram;
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
