/**
 * Exact sets of addresses, each owned by an entity (the targets of a source, the sources of a
 * target), in one bounded pool. A set's members are chained in the order they came. Twin:
 * `address_sets.h`.
 */
import { AddressIndex, addressHash, keyedHash, NONE } from './address-index.js';
import { NO_PORT_SET } from './port-sets.js';

export class AddressSets {
  private readonly index: AddressIndex;
  /** Four big-endian words a member, IPv4 mapped. */
  readonly words: Int32Array;
  /** Position inside the owner's set, from 0. */
  readonly ordinal: Uint16Array;
  /** Next member of the same owner, or NONE. */
  readonly next: Int32Array;
  /** Ports of this target that are listed, and the set of all of them once there are more. */
  readonly portCount: Uint16Array;
  readonly portSet: Int32Array;

  constructor(capacity: number) {
    this.index = new AddressIndex(capacity);
    this.words = this.index.words;
    this.ordinal = new Uint16Array(capacity);
    this.next = new Int32Array(capacity);
    this.portCount = new Uint16Array(capacity);
    this.portSet = new Int32Array(capacity);
  }

  /** Addresses that found no room, cumulative. */
  get refused(): number {
    return this.index.refused;
  }

  /** The owner's member with this address, or NONE. `ownerHash` is the owner's `keyedHash`. */
  find(ownerHash: number, owner: number, w0: number, w1: number, w2: number, w3: number): number {
    return this.index.find(addressHash(ownerHash, w0, w1, w2, w3), owner, w0, w1, w2, w3);
  }

  /**
   * Adds an absent address as the owner's member number `ordinal`, chained behind `previous` (or
   * NONE).
   */
  append(
    ownerHash: number,
    owner: number,
    w0: number,
    w1: number,
    w2: number,
    w3: number,
    ordinal: number,
    previous: number,
  ): number {
    const hash = addressHash(ownerHash, w0, w1, w2, w3);
    const member = this.index.add(hash, owner, w0, w1, w2, w3);
    if (member === NONE) return NONE;
    this.ordinal[member] = ordinal;
    this.next[member] = NONE;
    this.portCount[member] = 0;
    this.portSet[member] = NO_PORT_SET;
    if (previous !== NONE) this.next[previous] = member;
    return member;
  }

  /** The finished hash of a member's address alone: what sketches take. */
  hashOf(member: number): number {
    return this.index.hashOf(member);
  }

  /** The finished hash of a member's address under a tunnel key, as entities have it. */
  keyedHashOf(member: number, tunnelKey: number): number {
    const at = member * 4;
    const w = this.words;
    return keyedHash(tunnelKey, w[at], w[at + 1], w[at + 2], w[at + 3]);
  }

  clear(): void {
    this.index.clear();
  }
}
