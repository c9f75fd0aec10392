/**
 * A set of 32-bit numbers that takes five to eleven bytes for each, where a Set takes forty: a
 * table of them with open addressing.
 */

const NO_SLOTS = new Int32Array(0);
const SLOTS_MIN = 16;
/** Knuth's multiplier, 2^32 / golden ratio: numbers that differ a little get places far apart. */
const SPREAD = 0x9e3779b1;
/** About what a set takes in memory that has nothing in it. */
const BARE_BYTES = 72;

export class NumberSet {
  /** 0: free. A power of two of them, at most three quarters taken. */
  private slots = NO_SLOTS;
  /** How many are taken. */
  private taken = 0;
  private hasZero = false;

  /**
   * The set of what `values` told.
   * @throws RangeError when it is something else: it comes from a checkpoint
   */
  static of(values: unknown): NumberSet {
    const set = new NumberSet();
    if (!Array.isArray(values)) throw new RangeError('a set of numbers of another form');
    for (const value of values) {
      if (!Number.isInteger(value)) throw new RangeError('a set of numbers of another form');
      set.add(value);
    }
    return set;
  }

  /** Numbers in the set. */
  get size(): number {
    return this.hasZero ? this.taken + 1 : this.taken;
  }

  /** All of them, signed, in rising order. */
  values(): number[] {
    const found: number[] = [];
    this.forEach((value) => {
      found.push(value);
    });
    return found.sort((a, b) => a - b);
  }

  /** About what it takes in memory. */
  get bytes(): number {
    return BARE_BYTES + this.slots.byteLength;
  }

  /** Adds a number, of which the lowest 32 bits count. False: it is in the set. */
  add(number: number): boolean {
    const value = number | 0;
    if (value === 0) {
      const isNew = !this.hasZero;
      this.hasZero = true;
      return isNew;
    }
    if (this.slots.length > 0 && this.slots[placeOf(this.slots, value)] === value) return false;
    // Its size depends on how many there are alone: what a set takes is the same from a checkpoint.
    if (this.taken * 4 >= this.slots.length * 3) this.grow();
    this.slots[placeOf(this.slots, value)] = value;
    this.taken++;
    return true;
  }

  /** Calls with each number, signed, in no order to rely on. */
  forEach(call: (number: number) => void): void {
    if (this.hasZero) call(0);
    for (const value of this.slots) if (value !== 0) call(value);
  }

  /** Forgets all. */
  clear(): void {
    this.slots.fill(0);
    this.hasZero = false;
    this.taken = 0;
  }

  private grow(): void {
    const { slots } = this;
    this.slots = new Int32Array(Math.max(SLOTS_MIN, slots.length * 2));
    for (const value of slots) if (value !== 0) this.slots[placeOf(this.slots, value)] = value;
  }
}

/** Where a value is, or would be. */
function placeOf(slots: Int32Array, value: number): number {
  const mask = slots.length - 1;
  // The product's highest bits depend on all of the number.
  let at = (Math.imul(value, SPREAD) >>> 16) & mask;
  while (slots[at] !== 0 && slots[at] !== value) at = (at + 1) & mask;
  return at;
}
