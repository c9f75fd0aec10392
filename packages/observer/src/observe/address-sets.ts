/**
 * Exact sets of addresses, each owned by an entity (the targets of a source, the sources of a
 * target), in one bounded pool. A set's members are chained in the order they came. Twin:
 * `address_sets.h`.
 */
import { AddressIndex, NONE } from './address-index.js';
import { NO_SKETCH } from './sketches.js';

export class AddressSets extends AddressIndex {
  /** Position inside the owner's set, from 0. */
  readonly ordinal: Uint16Array;
  /** Next member of the same owner, or NONE. */
  readonly next: Int32Array;
  /**
   * Ports of this target that are exactly known, and the sketch of all of them once there are more.
   */
  readonly portCount: Uint16Array;
  readonly portSketch: Int32Array;

  constructor(capacity: number) {
    super(capacity);
    this.ordinal = new Uint16Array(capacity);
    this.next = new Int32Array(capacity);
    this.portCount = new Uint16Array(capacity);
    this.portSketch = new Int32Array(capacity);
  }

  /**
   * Adds an absent address as the owner's member number `ordinal`, chained behind `previous` (or
   * NONE).
   */
  append(
    owner: number,
    w0: number,
    w1: number,
    w2: number,
    w3: number,
    ordinal: number,
    previous: number,
  ): number {
    const member = this.add(owner, w0, w1, w2, w3);
    if (member === NONE) return NONE;
    this.ordinal[member] = ordinal;
    this.next[member] = NONE;
    this.portCount[member] = 0;
    this.portSketch[member] = NO_SKETCH;
    if (previous !== NONE) this.next[previous] = member;
    return member;
  }
}
