/**
 * Dense numbering of (key word, address) pairs: the hash index under every table here. The key word
 * is a tunnel key for entities, an owner for sets. Open addressing with linear probing at half
 * load; no deletion, since every epoch starts afresh. Twin: `address_index.h`.
 */
import { finish, HASH_SEED, mix } from '../base/hash.js';
import { powerOfTwoAtLeast } from '../base/power-of-two.js';

/** Not found, or no room. */
export const NONE = -1;
/**
 * Slots looked at before a table is taken for full. A good hash at half load stays below 70 at a
 * million entries; who crafts addresses to collide gets a refusal, not our time.
 */
export const PROBES_MAX = 128;
/** Entries of one table: the native one keeps their number and 8 bits of the hash in one word. */
export const ENTRIES_MAX = 0xffffff;

export class AddressIndex {
  private readonly slotMask: number;
  /** Entry number + 1 per slot, 0 empty. */
  private readonly slots: Int32Array;
  private readonly slotOf: Int32Array;
  readonly key: Int32Array;
  /** Four big-endian words an entry, IPv4 mapped. */
  readonly words: Int32Array;
  used = 0;
  /** Entries that found no room, cumulative. */
  refused = 0;

  private readonly capacity: number;

  constructor(entriesMax: number) {
    const capacity = Math.min(entriesMax, ENTRIES_MAX);
    this.capacity = capacity;
    const size = powerOfTwoAtLeast(Math.max(2, capacity * 2));
    this.slotMask = size - 1;
    this.slots = new Int32Array(size);
    this.slotOf = new Int32Array(capacity);
    this.key = new Int32Array(capacity);
    this.words = new Int32Array(capacity * 4);
  }

  /** `hash` is the pair's: `keyedHash` for an entity, the owner's for a member of a set. */
  find(hash: number, key: number, w0: number, w1: number, w2: number, w3: number): number {
    let slot = hash & this.slotMask;
    for (let left = PROBES_MAX; left > 0; left--) {
      const entry = this.slots[slot] - 1;
      if (entry < 0) return NONE;
      if (this.is(entry, key, w0, w1, w2, w3)) return entry;
      slot = (slot + 1) & this.slotMask;
    }
    return NONE;
  }

  /** Whether the entry is that of this key and address. */
  is(entry: number, key: number, w0: number, w1: number, w2: number, w3: number): boolean {
    const words = this.words;
    const at = entry * 4;
    return (
      words[at + 3] === w3 &&
      this.key[entry] === key &&
      words[at + 2] === w2 &&
      words[at + 1] === w1 &&
      words[at] === w0
    );
  }

  /** Adds a pair known to be absent; NONE, counted, when the table is full. */
  add(hash: number, key: number, w0: number, w1: number, w2: number, w3: number): number {
    let slot = hash & this.slotMask;
    let left = this.used < this.capacity ? PROBES_MAX : 0;
    while (left > 0 && this.slots[slot] !== 0) {
      slot = (slot + 1) & this.slotMask;
      left--;
    }
    if (left === 0) {
      this.refused++;
      return NONE;
    }
    const entry = this.used++;
    this.slots[slot] = entry + 1;
    this.slotOf[entry] = slot;
    this.key[entry] = key;
    const at = entry * 4;
    this.words[at] = w0;
    this.words[at + 1] = w1;
    this.words[at + 2] = w2;
    this.words[at + 3] = w3;
    return entry;
  }

  /** The finished hash of an entry's address alone: what sketches take. */
  hashOf(entry: number): number {
    const at = entry * 4;
    const w = this.words;
    return addressHash(HASH_SEED, w[at], w[at + 1], w[at + 2], w[at + 3]);
  }

  /** The finished hash of an entry's key and address: what shards go by. */
  keyedHashOf(entry: number): number {
    const at = entry * 4;
    const w = this.words;
    return keyedHash(this.key[entry], w[at], w[at + 1], w[at + 2], w[at + 3]);
  }

  clear(): void {
    for (let entry = 0; entry < this.used; entry++) this.slots[this.slotOf[entry]] = 0;
    this.used = 0;
  }
}

/** Finished hash of a tunnel key and an address: what entities are found by. */
export function keyedHash(
  tunnelKey: number,
  w0: number,
  w1: number,
  w2: number,
  w3: number,
): number {
  return addressHash(mix(HASH_SEED, tunnelKey), w0, w1, w2, w3);
}

/** Finished hash of an address on top of a running one; IPv4 costs one word. */
export function addressHash(hash: number, w0: number, w1: number, w2: number, w3: number): number {
  let h = hash;
  if ((w0 | w1) !== 0 || w2 !== 0xffff) h = mix(mix(mix(h, w0), w1), w2);
  return finish(mix(h, w3));
}
