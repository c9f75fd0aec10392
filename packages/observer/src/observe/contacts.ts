/**
 * Contacts: what a source did to one (target, protocol, port) in this epoch, and what came of it.
 * One bounded pool; each source's contacts are chained in the order they came. Twin: `contacts.h`.
 */
import { finish, HASH_SEED, mix } from '../base/hash.js';
import { powerOfTwoAtLeast } from '../base/power-of-two.js';
import { ENTRIES_MAX, NONE, PROBES_MAX } from './address-index.js';
import { KnownHashes } from './known-hashes.js';

export class Contacts {
  private readonly slotMask: number;
  private readonly slots: Int32Array;
  private readonly slotOf: Int32Array;
  /** Member index of the target in the source's `AddressSets`. */
  readonly member: Int32Array;
  /** protocol << 16 | port. */
  readonly service: Int32Array;
  readonly ttl: Uint8Array;
  readonly kinds: Uint16Array;
  readonly outcome: Uint16Array;
  readonly packets: Uint16Array;
  readonly firstUs: Uint32Array;
  readonly lastUs: Uint32Array;
  readonly tuple: Int32Array;
  /** Next contact of the same source, or NONE. */
  readonly next: Int32Array;
  used = 0;
  refused = 0;

  private readonly capacity: number;
  private readonly known = new KnownHashes();

  constructor(entriesMax: number) {
    const capacity = Math.min(entriesMax, ENTRIES_MAX);
    this.capacity = capacity;
    const size = powerOfTwoAtLeast(Math.max(2, capacity * 2));
    this.slotMask = size - 1;
    this.slots = new Int32Array(size);
    this.slotOf = new Int32Array(capacity);
    this.member = new Int32Array(capacity);
    this.service = new Int32Array(capacity);
    this.ttl = new Uint8Array(capacity);
    this.kinds = new Uint16Array(capacity);
    this.outcome = new Uint16Array(capacity);
    this.packets = new Uint16Array(capacity);
    this.firstUs = new Uint32Array(capacity);
    this.lastUs = new Uint32Array(capacity);
    this.tuple = new Int32Array(capacity);
    this.next = new Int32Array(capacity);
  }

  find(member: number, service: number): number {
    const hash = hashOf(member, service);
    // Of a scan of many ports, most contacts are not in the list: it is full.
    if (!this.known.mayContain(hash)) return NONE;
    let slot = hash & this.slotMask;
    for (let left = PROBES_MAX; left > 0; left--) {
      const contact = this.slots[slot] - 1;
      if (contact < 0) return NONE;
      if (this.member[contact] === member && this.service[contact] === service) return contact;
      slot = (slot + 1) & this.slotMask;
    }
    return NONE;
  }

  /** Adds a contact known to be absent, all zero but its key. NONE when the pool is full. */
  add(member: number, service: number, offsetUs: number): number {
    const hash = hashOf(member, service);
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
    const contact = this.used++;
    this.slots[slot] = contact + 1;
    this.known.add(hash);
    this.slotOf[contact] = slot;
    this.member[contact] = member;
    this.service[contact] = service;
    this.ttl[contact] = 0;
    this.kinds[contact] = 0;
    this.outcome[contact] = 0;
    this.packets[contact] = 0;
    this.firstUs[contact] = offsetUs;
    this.lastUs[contact] = offsetUs;
    this.tuple[contact] = 0;
    this.next[contact] = NONE;
    return contact;
  }

  clear(): void {
    for (let contact = 0; contact < this.used; contact++) this.slots[this.slotOf[contact]] = 0;
    this.known.clear();
    this.used = 0;
  }
}

function hashOf(member: number, service: number): number {
  return finish(mix(mix(HASH_SEED, member), service));
}
