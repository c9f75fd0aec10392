/**
 * Spares a look-up: of a source whose exact targets are full, most probes go to targets that are
 * not among them, and asking the set costs a cache miss each. A few Bloom filters of two bits an
 * address, both in one word, answer "certainly not" from the first-level cache. They change no
 * result. Twin: `member_filter.h`.
 */
import { NONE } from './address-index.js';

/** Sources that overflow in one epoch are few; the next ones do without. */
const FILTERS = 64;
/** 8,192 bits for 256 members: of strangers, 1 in 200 is asked for in vain. */
const WORDS = 256;

export class MemberFilters {
  private readonly ownerOf = new Int32Array(FILTERS).fill(NONE);
  private readonly words = new Int32Array(FILTERS * WORDS);

  /** Whether the owner has a filter; false too when another owner has its place. */
  has(owner: number): boolean {
    return this.ownerOf[owner % FILTERS] === owner;
  }

  /**
   * Gives the owner an empty filter, to be filled with all its members. False: its place is taken.
   */
  open(owner: number): boolean {
    const place = owner % FILTERS;
    if (this.ownerOf[place] !== NONE) return this.ownerOf[place] === owner;
    this.ownerOf[place] = owner;
    this.words.fill(0, place * WORDS, (place + 1) * WORDS);
    return true;
  }

  /** Adds a member by the finished hash of its address, if the owner has a filter. */
  add(owner: number, hash: number): void {
    if (this.has(owner)) this.words[wordOf(owner, hash)] |= bitsOf(hash);
  }

  /** False: certainly no member. Asked only of an owner that has a filter. */
  mayContain(owner: number, hash: number): boolean {
    const bits = bitsOf(hash);
    return (this.words[wordOf(owner, hash)] & bits) === bits;
  }

  clear(): void {
    this.ownerOf.fill(NONE);
  }
}

function wordOf(owner: number, hash: number): number {
  return (owner % FILTERS) * WORDS + (hash >>> 24);
}

function bitsOf(hash: number): number {
  return (1 << (hash >>> 19)) | (1 << (hash >>> 14));
}
