/**
 * Fragments of both families, kept only until the transport header is there: detection needs to
 * read the probe, not the payload. A datagram gives exactly one packet with transport facts; its
 * other fragments have none. Twin: `native/core/decode/fragments.{h,cc}`, same geometry and
 * replacement.
 *
 * The table has buckets of `WAYS` slots, chosen by the hash of (tunnel key, addresses,
 * identification, and for IPv4 the protocol: RFC 791 §2.3, RFC 8200 §4.5). A full bucket gives up,
 * in this order, an expired datagram, the oldest decoded one, the oldest unfinished one (counted).
 */
import { finish, HASH_SEED, mix } from '../base/hash.js';
import { limits } from '../base/limits.js';
import { Anomaly } from './anomaly.js';
import { headerNeed } from './fragment-need.js';
import { Fragment, type Packet, Transport } from './packet.js';
import { note, setOther, type Walk } from './walk.js';

const WAYS = 8;
const KEY_WORDS = 11;
const SLOT_SIZE = limits.fragmentBufferSize;
/** Fragments begin at multiples of 8 bytes, so one bit per unit tells what is covered. */
const UNIT_SIZE = 8;
const UNITS_MAX = SLOT_SIZE / UNIT_SIZE;
/** Largest datagram payload, RFC 791 §3.1. */
const DATAGRAM_SIZE_MAX = 65_535;
const UNKNOWN = -1;

/** Slot states. */
const FREE = 0;
const WAITING = 1;
const DECODED = 2;

/** `limits.fragmentBufferSize` must give exactly one bit per unit of an int32. */
if (UNITS_MAX !== 32) throw new Error('fragmentBufferSize must be 256');

export class Fragments {
  readonly #bucketMask: number;
  readonly #keys: Int32Array; // [slots, KEY_WORDS]
  readonly #key = new Int32Array(KEY_WORDS);
  readonly #state: Uint8Array;
  /** `Fragment` bits gathered so far. */
  readonly #bits: Uint8Array;
  /** Protocol the first fragment announced. */
  readonly #protocol: Uint8Array;
  /** Units covered, units at which a fragment begins, units with which one ends. */
  readonly #covered: Int32Array;
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  /** Datagram payload bytes: known from the last fragment, and received so far. */
  readonly #total: Int32Array;
  readonly #received: Int32Array;
  readonly #firstUs: Float64Array;
  readonly #buffer: Uint8Array; // [slots, SLOT_SIZE]

  constructor(fragmentsMax: number) {
    let buckets = 1;
    while (buckets * 2 * WAYS <= fragmentsMax) buckets *= 2;
    const slots = buckets * WAYS;
    this.#bucketMask = buckets - 1;
    this.#keys = new Int32Array(slots * KEY_WORDS);
    this.#state = new Uint8Array(slots);
    this.#bits = new Uint8Array(slots);
    this.#protocol = new Uint8Array(slots);
    this.#covered = new Int32Array(slots);
    this.#starts = new Int32Array(slots);
    this.#ends = new Int32Array(slots);
    this.#total = new Int32Array(slots);
    this.#received = new Int32Array(slots);
    this.#firstUs = new Float64Array(slots);
    this.#buffer = new Uint8Array(slots * SLOT_SIZE);
  }

  /**
   * Takes the fragment whose bytes are the rest of the walk. `offset` in bytes, a multiple of 8.
   * @returns Whether decoding goes on: with the frame itself when this first fragment holds the
   * whole transport header, or with the buffer (`walk` then points into it) when this fragment
   * completed it. False leaves the packet without transport facts.
   */
  accept(walk: Walk, packet: Packet, offset: number, more: boolean): boolean {
    packet.fragment = Fragment.present;
    packet.transport = Transport.none;
    const wireSize = walk.wireEnd - walk.at;
    if (offset + wireSize > DATAGRAM_SIZE_MAX) {
      note(packet, Anomaly.fragmentTooFar);
      return false;
    }
    const direct = offset === 0 && this.#holdsHeader(walk, packet, wireSize);
    if (offset === 0 && !direct) {
      packet.fragment |= Fragment.tiny;
      note(packet, Anomaly.fragmentTiny);
    }
    if (more && wireSize % UNIT_SIZE !== 0) {
      // Hosts discard it (RFC 8200 §4.5), so it is kept out of the buffer; a whole header is
      // evidence.
      note(packet, Anomaly.fragmentLength);
      if (direct) enterFrame(walk, packet);
      return direct;
    }
    const slot = this.#slotOf(packet);
    const duplicate = this.#isDuplicate(slot, walk, offset);
    if (offset === 0 && !duplicate && this.#isComplete(slot)) this.#open(slot, packet.timeUs);
    if (!duplicate) this.#store(slot, walk, packet, offset, more);
    if (this.#state[slot] === DECODED) {
      packet.fragment |= Fragment.continuation;
      return false;
    }
    if (offset === 0) this.#protocol[slot] = packet.protocol;
    this.#bits[slot] |= packet.fragment;
    if (direct) {
      this.#state[slot] = DECODED;
      packet.fragment = this.#bits[slot];
      enterFrame(walk, packet);
      return true;
    }
    return this.#enterBuffer(slot, walk, packet);
  }

  #holdsHeader(walk: Walk, packet: Packet, wireSize: number): boolean {
    const { bytes, at, end } = walk;
    return wireSize >= headerNeed(bytes, at, end, at + wireSize, packet.protocol, packet.ipVersion);
  }

  /** Goes on in the buffer once the header is whole, or once there is nothing more to wait for. */
  #enterBuffer(slot: number, walk: Walk, packet: Packet): boolean {
    const gap = ~this.#covered[slot];
    const units = gap === 0 ? UNITS_MAX : 31 - Math.clz32(gap & -gap);
    const total = this.#total[slot];
    let size = units * UNIT_SIZE;
    const whole = total !== UNKNOWN && size >= total;
    if (whole) size = total;
    const base = slot * SLOT_SIZE;
    const end = base + size;
    const protocol = this.#protocol[slot];
    if (size === 0) return false;
    const need = headerNeed(this.#buffer, base, end, end, protocol, packet.ipVersion);
    if (size < need && !whole) return false;
    this.#state[slot] = DECODED;
    packet.fragment |= this.#bits[slot] | Fragment.reassembled;
    walk.bytes = this.#buffer;
    walk.at = base;
    walk.end = end;
    walk.wireEnd = end;
    walk.partial = !whole;
    packet.bytes = this.#buffer;
    setOther(walk, packet, protocol);
    return true;
  }

  /** Every byte of the datagram came by: what follows with this key is another datagram. */
  #isComplete(slot: number): boolean {
    const total = this.#total[slot];
    return this.#state[slot] === DECODED && total !== UNKNOWN && this.#received[slot] >= total;
  }

  /**
   * The same bytes at the same place once more: a copy made by the span port or a retransmission,
   * which RFC 8200 §4.5 lets pass, unlike an overlap.
   */
  #isDuplicate(slot: number, walk: Walk, offset: number): boolean {
    const size = walk.end - walk.at;
    const first = offset / UNIT_SIZE;
    const mask = unitMask(offset, size, walk.end === walk.wireEnd);
    if (mask === 0 || (this.#covered[slot] & mask) !== mask) return false;
    if ((this.#starts[slot] & mask) !== 1 << first) return false;
    if ((this.#ends[slot] & mask) !== lastUnit(mask)) return false;
    return this.#agrees(slot, walk, offset, mask);
  }

  /** Whether the fragment's bytes equal the buffer's in the units of `mask`. */
  #agrees(slot: number, walk: Walk, offset: number, mask: number): boolean {
    const base = slot * SLOT_SIZE;
    const total = this.#total[slot];
    let end = Math.min(offset + walk.end - walk.at, SLOT_SIZE);
    if (total !== UNKNOWN && total < end) end = total;
    for (let at = offset; at < end; at++) {
      if ((mask & (1 << (at / UNIT_SIZE))) === 0) continue;
      if (this.#buffer[base + at] !== walk.bytes[walk.at + at - offset]) return false;
    }
    return true;
  }

  #store(slot: number, walk: Walk, packet: Packet, offset: number, more: boolean): void {
    const wireSize = walk.wireEnd - walk.at;
    const size = walk.end - walk.at;
    const mask = unitMask(offset, size, size === wireSize);
    const twice = mask & this.#covered[slot];
    if (twice !== 0) {
      packet.fragment |= Fragment.overlap;
      note(packet, Anomaly.fragmentOverlap);
      if (!this.#agrees(slot, walk, offset, twice)) this.#conflict(packet);
    }
    if (!more) this.#end(slot, packet, offset + wireSize);
    this.#received[slot] += wireSize;
    if (mask === 0) return;
    this.#copy(slot, walk, offset, mask & ~twice);
    this.#covered[slot] |= mask;
    this.#starts[slot] |= 1 << (offset / UNIT_SIZE);
    this.#ends[slot] |= lastUnit(mask);
  }

  /** What came first stays, as most hosts do it; the fingerprint is then the first sender's. */
  #copy(slot: number, walk: Walk, offset: number, mask: number): void {
    const base = slot * SLOT_SIZE;
    const end = Math.min(offset + walk.end - walk.at, SLOT_SIZE);
    for (let at = offset; at < end; at++) {
      if ((mask & (1 << (at / UNIT_SIZE))) === 0) continue;
      this.#buffer[base + at] = walk.bytes[walk.at + at - offset];
    }
  }

  #end(slot: number, packet: Packet, total: number): void {
    if (this.#total[slot] === UNKNOWN) this.#total[slot] = total;
    else if (this.#total[slot] !== total) this.#conflict(packet);
  }

  #conflict(packet: Packet): void {
    packet.fragment |= Fragment.conflict;
    note(packet, Anomaly.fragmentConflict);
  }

  /** Finds the packet's datagram, or opens one. */
  #slotOf(packet: Packet): number {
    const first = (this.#hashKey(packet) & this.#bucketMask) * WAYS;
    for (let slot = first; slot < first + WAYS; slot++) {
      if (this.#state[slot] !== FREE && this.#matches(slot)) {
        if (this.#isExpired(slot, packet.timeUs)) this.#open(slot, packet.timeUs);
        return slot;
      }
    }
    const slot = this.#victim(first, packet.timeUs);
    if (this.#state[slot] === WAITING && !this.#isExpired(slot, packet.timeUs)) {
      note(packet, Anomaly.fragmentTableFull);
    }
    this.#keys.set(this.#key, slot * KEY_WORDS);
    this.#open(slot, packet.timeUs);
    return slot;
  }

  #hashKey(packet: Packet): number {
    const key = this.#key;
    key[0] = packet.tunnelKey;
    key[1] = packet.src0;
    key[2] = packet.src1;
    key[3] = packet.src2;
    key[4] = packet.src3;
    key[5] = packet.dst0;
    key[6] = packet.dst1;
    key[7] = packet.dst2;
    key[8] = packet.dst3;
    key[9] = packet.ipId;
    key[10] = packet.ipVersion === 4 ? packet.protocol : 0x600;
    let hash = HASH_SEED | 0;
    for (let word = 0; word < KEY_WORDS; word++) hash = mix(hash, key[word]);
    return finish(hash);
  }

  #matches(slot: number): boolean {
    const base = slot * KEY_WORDS;
    for (let word = 0; word < KEY_WORDS; word++) {
      if (this.#keys[base + word] !== this.#key[word]) return false;
    }
    return true;
  }

  #victim(first: number, timeUs: number): number {
    let decoded = UNKNOWN;
    let waiting = first;
    for (let slot = first; slot < first + WAYS; slot++) {
      if (this.#state[slot] === FREE || this.#isExpired(slot, timeUs)) return slot;
      if (this.#state[slot] === DECODED) {
        if (decoded === UNKNOWN || this.#firstUs[slot] < this.#firstUs[decoded]) decoded = slot;
      }
      if (this.#firstUs[slot] < this.#firstUs[waiting]) waiting = slot;
    }
    return decoded !== UNKNOWN ? decoded : waiting;
  }

  /** Captures are not always in order, so time that ran back as far expires a datagram too. */
  #isExpired(slot: number, timeUs: number): boolean {
    return Math.abs(timeUs - this.#firstUs[slot]) > limits.fragmentTimeoutUs;
  }

  #open(slot: number, timeUs: number): void {
    this.#state[slot] = WAITING;
    this.#bits[slot] = 0;
    this.#protocol[slot] = 0;
    this.#covered[slot] = 0;
    this.#starts[slot] = 0;
    this.#ends[slot] = 0;
    this.#total[slot] = UNKNOWN;
    this.#received[slot] = 0;
    this.#firstUs[slot] = timeUs;
  }
}

/** Goes on in the frame: the first fragment of several, hence partial. */
function enterFrame(walk: Walk, packet: Packet): void {
  walk.partial = true;
  setOther(walk, packet, packet.protocol);
}

/**
 * Units that `size` bytes from `offset` cover, as bits, as far as the buffer reaches. A last unit
 * that is not full counts only when the fragment is there to its end (`whole`).
 */
function unitMask(offset: number, size: number, whole: boolean): number {
  const first = offset / UNIT_SIZE;
  const end = Math.min(
    whole ? Math.ceil((offset + size) / UNIT_SIZE) : (offset + size) >>> 3,
    UNITS_MAX,
  );
  if (first >= end) return 0;
  const width = end - first;
  return width === 32 ? -1 : ((1 << width) - 1) << first;
}

function lastUnit(mask: number): number {
  return 1 << (31 - Math.clz32(mask));
}
