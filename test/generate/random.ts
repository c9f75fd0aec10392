/**
 * A small seeded generator (sfc32, Chris Doty-Humphrey's PractRand): the same seed gives the same
 * capture on every machine, so a cached file and a fresh one are equal byte for byte.
 */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  /** `seed` is any 32-bit integer. */
  constructor(seed: number) {
    this.a = seed | 0;
    this.b = (seed ^ 0x9e3779b9) | 0;
    this.c = 0x243f6a88;
    // Twelve rounds mix the seed through the state, as sfc32's author does.
    for (let round = 0; round < 12; round++) this.uint32();
  }

  /** 0 to 2^32 - 1. */
  uint32(): number {
    const result = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + result;
    this.c |= 0;
    return result >>> 0;
  }

  /** 0 to `bound` - 1; the bias of one in 2^32 / bound does not matter for traffic. */
  below(bound: number): number {
    return Math.floor((this.uint32() / 4294967296) * bound);
  }

  /** In [0, 1). */
  fraction(): number {
    return this.uint32() / 4294967296;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  bytes(size: number): Uint8Array {
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size; at++) bytes[at] = this.uint32() >>> 24;
    return bytes;
  }
}

/**
 * A well-mixed 32-bit hash of two words (murmur3's finalizer), for values that must not be in
 * order.
 */
export function mix32(a: number, b: number): number {
  let hash = (a ^ Math.imul(b, 0x9e3779b1)) | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/**
 * Visits 0 to `size` - 1 once each in a scattered order: index * step + offset modulo size, with a
 * step near the golden ratio that shares no factor with `size`. `size` is at most 2^32.
 */
export class Permutation {
  private readonly step: number;
  private readonly offset: number;

  constructor(
    private readonly size: number,
    seed: number,
  ) {
    let step = Math.max(1, Math.floor(size * 0.6180339887)) | 1;
    while (greatestCommonDivisor(step, size) !== 1) step += 2;
    this.step = step % size || 1;
    this.offset = size === 0 ? 0 : mix32(seed, size) % size;
  }

  at(index: number): number {
    return (multiplyModulo(index % this.size, this.step, this.size) + this.offset) % this.size;
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}

/** a * b modulo m for values below 2^32, without leaving exact doubles. */
function multiplyModulo(a: number, b: number, m: number): number {
  if (a * b <= Number.MAX_SAFE_INTEGER) return (a * b) % m;
  const high = Math.floor(b / 65536);
  const low = b % 65536;
  return (((((a * high) % m) * 65536) % m) + a * low) % m;
}
