/**
 * SYN signatures of the epoch, interned: the tables carry a 16-bit number, the batch the bytes
 * once. A scanner with random fields fills the pool; beyond it SYNs count without one. Twin:
 * `signatures.h`.
 */
import { NO_SIGNATURE } from '../../../plugin-api/src/batch-layout.js';
import { finish, HASH_SEED, mix } from '../base/hash.js';
import { powerOfTwoAtLeast } from '../base/power-of-two.js';
import type { Packet } from '../decode/packet.js';
import { PROBES_MAX } from './address-index.js';
import { SynFacts } from './syn-facts.js';
import { writeSynSignature } from './syn-signature.js';
import { shapeTraits } from './traits.js';

/** Bytes kept a signature: 16 of fixed fields and up to 40 option kinds. */
export const SIGNATURE_SIZE_MAX = 64;
const WORDS_MAX = SIGNATURE_SIZE_MAX / 4;

export class Signatures {
  private readonly capacity: number;
  private readonly slotMask: number;
  /** Signature number + 1 per slot, 0 empty. */
  private readonly slots: Int32Array;
  private readonly slotOf: Int32Array;
  private readonly hash: Int32Array;
  /** SIGNATURE_SIZE_MAX bytes a signature, zero-padded to whole words; and the same as words. */
  private readonly store: Uint8Array;
  private readonly storeWords: Int32Array;
  private readonly size: Uint8Array;
  private readonly scratch = new Uint8Array(SIGNATURE_SIZE_MAX);
  private readonly scratchWords = new Int32Array(this.scratch.buffer);
  /** The one the last SYN had, and that SYN's facts: most SYNs have their predecessor's. */
  private last = NO_SIGNATURE;
  private readonly lastFacts = new SynFacts();
  /** `shapeTraits` of the SYN that `of` was asked for last. */
  lastTraits = 0;
  used = 0;
  /** SYNs whose signature found no room, cumulative. */
  refused = 0;

  /** Numbers are 16 bits wide, so `capacity` is at most NO_SIGNATURE. */
  constructor(capacity: number) {
    this.capacity = Math.min(capacity, NO_SIGNATURE);
    const size = powerOfTwoAtLeast(Math.max(2, this.capacity * 2));
    this.slotMask = size - 1;
    this.slots = new Int32Array(size);
    this.slotOf = new Int32Array(this.capacity);
    this.hash = new Int32Array(this.capacity);
    this.store = new Uint8Array(this.capacity * SIGNATURE_SIZE_MAX);
    this.storeWords = new Int32Array(this.store.buffer);
    this.size = new Uint8Array(this.capacity);
  }

  /** The number of the packet's signature, or NO_SIGNATURE when the pool is full. */
  of(packet: Packet): number {
    if (this.last !== NO_SIGNATURE && this.lastFacts.match(packet)) return this.last;
    this.lastFacts.take(packet);
    this.lastTraits = shapeTraits(packet);
    const size = writeSynSignature(packet, this.scratch);
    const words = (size + 3) >>> 2;
    for (let at = size; at < words * 4; at++) this.scratch[at] = 0;
    this.last = this.intern(size, words);
    return this.last;
  }

  bytes(signature: number): Uint8Array {
    const at = signature * SIGNATURE_SIZE_MAX;
    return this.store.subarray(at, at + this.size[signature]);
  }

  clear(): void {
    for (let entry = 0; entry < this.used; entry++) this.slots[this.slotOf[entry]] = 0;
    this.used = 0;
    this.last = NO_SIGNATURE;
  }

  /** The number of the signature in `scratch`, made if there is room. */
  private intern(size: number, words: number): number {
    let hash = HASH_SEED | 0;
    for (let word = 0; word < words; word++) hash = mix(hash, this.scratchWords[word]);
    hash = finish(hash);
    let slot = hash & this.slotMask;
    let left = PROBES_MAX;
    for (; left > 0; left--) {
      const entry = this.slots[slot] - 1;
      if (entry < 0) break;
      if (this.hash[entry] === hash && this.equals(entry, size, words)) return entry;
      slot = (slot + 1) & this.slotMask;
    }
    if (left === 0 || this.used === this.capacity) {
      this.refused++;
      return NO_SIGNATURE;
    }
    const entry = this.used++;
    this.slots[slot] = entry + 1;
    this.slotOf[entry] = slot;
    this.hash[entry] = hash;
    this.size[entry] = size;
    const at = entry * WORDS_MAX;
    for (let word = 0; word < words; word++) this.storeWords[at + word] = this.scratchWords[word];
    return entry;
  }

  private equals(entry: number, size: number, words: number): boolean {
    if (this.size[entry] !== size) return false;
    const at = entry * WORDS_MAX;
    for (let word = 0; word < words; word++) {
      if (this.storeWords[at + word] !== this.scratchWords[word]) return false;
    }
    return true;
  }
}
