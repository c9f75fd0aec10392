/**
 * Who probes: the source table in its two tiers, with lists of targets and contacts, and what takes
 * over when those are full: sketches, and exact sets of ports. One call per probe or answer;
 * everything is forgotten when the epoch closes. Twin: `sources.h`.
 */
import { Outcome } from '../../../plugin-api/src/batch-layout.js';
import { finish, HASH_SEED, mix } from '../base/hash.js';
import type { ObserverTables } from '../options.js';
import { AddressIndex, addressHash, NONE } from './address-index.js';
import { AddressSets } from './address-sets.js';
import { Contacts } from './contacts.js';
import { EARLY_PAIRS, EARLY_PORTS, EARLY_TARGETS } from './early-batches.js';
import { Finds } from './finds.js';
import { LightSources } from './light-sources.js';
import { MemberFilters } from './member-filters.js';
import { NO_PORT_SET, type PortSets } from './port-sets.js';
import { NO_SKETCH, type Sketches } from './sketches.js';
import { PayloadPool } from './payload-pool.js';
import { SourceTallies } from './source-tallies.js';
import { Touch } from './touch.js';

/** Exact targets of a source, and exact ports of one of its targets, in an epoch (guarantee 3). */
export const TARGETS_EXACT_MAX = 256;
export const PORTS_EXACT_MAX = 256;
/** Exact contacts of a source in an epoch. */
export const CONTACTS_EXACT_MAX = 1024;
/** Below both, a source that says nothing known is somebody's client. */
const SAMPLED_TARGETS_MIN = 2;
const SAMPLED_CONTACTS_MIN = 3;

export class Sources {
  readonly index: AddressIndex;
  readonly firstUs: Uint32Array;
  readonly lastUs: Uint32Array;
  readonly targetCount: Uint16Array;
  readonly contactCount: Uint16Array;
  readonly firstMember: Int32Array;
  readonly lastMember: Int32Array;
  readonly firstContact: Int32Array;
  readonly lastContact: Int32Array;
  readonly targetSketch: Int32Array;
  readonly pairSketch: Int32Array;
  readonly portSet: Int32Array;
  /** Touches whose source found no room, in either tier, cumulative. */
  refused = 0;
  /** The source that reached an early count with the last touch, or NONE; and which, as bits. */
  crossed = NONE;
  reached = 0;
  /**
   * After `seek`: the source's entry in either tier, or NONE. A live light entry has no full one.
   */
  private full = NONE;
  private waiting = NONE;
  private readonly replayed = new Touch();
  private readonly filters = new MemberFilters();

  readonly tallies: SourceTallies;
  readonly light: LightSources;
  readonly targets: AddressSets;
  readonly contacts: Contacts;
  readonly payloads: PayloadPool;
  readonly finds: Finds;

  constructor(
    tables: ObserverTables,
    readonly sketches: Sketches,
    readonly portSets: PortSets,
    private readonly early: { earlyTargets: number; earlyPorts: number; earlyPairs: number },
  ) {
    const capacity = tables.sourcesMax;
    this.index = new AddressIndex(capacity);
    this.firstUs = new Uint32Array(capacity);
    this.lastUs = new Uint32Array(capacity);
    this.targetCount = new Uint16Array(capacity);
    this.contactCount = new Uint16Array(capacity);
    this.firstMember = new Int32Array(capacity);
    this.lastMember = new Int32Array(capacity);
    this.firstContact = new Int32Array(capacity);
    this.lastContact = new Int32Array(capacity);
    this.targetSketch = new Int32Array(capacity);
    this.pairSketch = new Int32Array(capacity);
    this.portSet = new Int32Array(capacity);
    this.tallies = new SourceTallies(capacity);
    this.light = new LightSources(tables.lightSourcesMax);
    this.targets = new AddressSets(Math.ceil(tables.contactsMax / 2));
    this.contacts = new Contacts(tables.contactsMax);
    this.payloads = new PayloadPool(capacity);
    this.finds = new Finds(capacity);
  }

  /** Looks up the touch's source, for `isNew`, `probeTtl` and `touch`. */
  seek(touch: Touch): void {
    const { sourceHash, tunnelKey, s0, s1, s2, s3 } = touch;
    // A scanner's packets come one after the other.
    if (this.full !== NONE && this.index.is(this.full, tunnelKey, s0, s1, s2, s3)) return;
    this.full = this.index.find(sourceHash, tunnelKey, s0, s1, s2, s3);
    this.waiting = this.full === NONE ? this.light.find(touch) : NONE;
  }

  /** Whether the source sought is unknown in this epoch: a touch would make it a light source. */
  get isNew(): boolean {
    return this.full === NONE && this.waiting === NONE;
  }

  /** Whether the source sought has more targets than can be listed. */
  get isWide(): boolean {
    return this.full !== NONE && this.targetSketch[this.full] !== NO_SKETCH;
  }

  /** Takes in one touch of the source sought; `crossed` names a source that has just reached an
   *  early count. */
  touch(touch: Touch): void {
    this.crossed = NONE;
    if (this.full !== NONE) {
      this.touchFull(this.full, touch);
      return;
    }
    const light = this.waiting;
    if (light !== NONE && this.light.isLive(light)) {
      if (this.light.fits(light, touch)) this.light.repeat(light, touch);
      else if (touch.isProbe || touch.mayCreate) this.promote(light, touch);
      return;
    }
    if (!touch.isProbe && !touch.mayCreate) return;
    if (this.light.add(touch) !== NONE) return;
    if (this.light.knock(touch)) {
      const fresh = this.add(touch);
      if (fresh !== NONE) {
        this.touchFull(fresh, touch);
        return;
      }
    }
    this.refused++;
  }

  /**
   * The TTL of the sought source's first probe to the touch's service, 0 when not known exactly.
   */
  probeTtl(touch: Touch): number {
    const light = this.waiting;
    if (this.full === NONE) {
      return light !== NONE && this.light.isLive(light) && this.light.isSameContact(light, touch)
        ? this.light.ttl[light]
        : 0;
    }
    const member = this.findMember(this.full, touch);
    if (member === NONE) return 0;
    const contact = this.contacts.find(member, touch.service);
    return contact === NONE ? 0 : this.contacts.ttl[contact];
  }

  /**
   * The full state of the touch's source, or NONE. `mayMake`: it gets one now, for this touch; a
   * light source takes along what it did.
   */
  fullStateOf(touch: Touch, mayMake: boolean): number {
    this.seek(touch);
    if (this.full !== NONE || !mayMake) return this.full;
    if (this.waiting !== NONE) {
      if (this.light.isLive(this.waiting)) this.promote(this.waiting, touch);
    } else {
      const fresh = this.add(touch);
      if (fresh === NONE) this.refused++;
      else this.touchFull(fresh, touch);
    }
    this.seek(touch);
    return this.full;
  }

  /** The touch's target among those a source is known to have reached, or NONE. */
  memberOf(source: number, touch: Touch): number {
    return this.findMember(source, touch);
  }

  /** Whether a source does enough for its clients' fingerprints to matter. */
  isWorthSamples(source: number): boolean {
    return (
      this.targetCount[source] >= SAMPLED_TARGETS_MIN ||
      this.contactCount[source] >= SAMPLED_CONTACTS_MIN ||
      this.payloads.isKnown(source)
    );
  }

  clear(): void {
    this.full = NONE;
    this.waiting = NONE;
    this.tallies.forgetRun();
    this.index.clear();
    this.light.clear();
    this.targets.clear();
    this.contacts.clear();
    this.payloads.clear();
    this.finds.clear();
    this.filters.clear();
  }

  private add(touch: Touch): number {
    const { sourceHash, tunnelKey, s0, s1, s2, s3 } = touch;
    const source = this.index.add(sourceHash, tunnelKey, s0, s1, s2, s3);
    if (source === NONE) return NONE;
    this.tallies.reset(source);
    this.firstUs[source] = touch.offsetUs;
    this.lastUs[source] = touch.offsetUs;
    this.targetCount[source] = 0;
    this.contactCount[source] = 0;
    this.firstMember[source] = NONE;
    this.lastMember[source] = NONE;
    this.firstContact[source] = NONE;
    this.lastContact[source] = NONE;
    this.targetSketch[source] = NO_SKETCH;
    this.pairSketch[source] = NO_SKETCH;
    this.portSet[source] = NO_PORT_SET;
    this.payloads.reset(source);
    this.finds.reset(source);
    return source;
  }

  /** Moves a light source to full state: replays its one contact, then takes in the new touch. */
  private promote(light: number, touch: Touch): void {
    const source = this.add(touch);
    if (source === NONE) {
      this.refused++;
      return;
    }
    this.light.leave(light, this.replayed);
    this.firstUs[source] = this.replayed.offsetUs;
    this.touchFull(source, this.replayed);
    const contact = this.lastContact[source];
    if (contact !== NONE) this.contacts.lastUs[contact] = this.light.lastUs[light];
    this.touchFull(source, touch);
  }

  private touchFull(source: number, touch: Touch): void {
    this.lastUs[source] = touch.offsetUs;
    if (touch.isProbe) this.tallies.countProbe(source, touch);
    if (touch.resetId >= 0 || touch.rawSynAck) this.tallies.noteStrangeStack(source, touch);
    let member = this.mayBeMember(source, touch) ? this.findMember(source, touch) : NONE;
    let contact = member === NONE ? NONE : this.contacts.find(member, touch.service);
    if (contact === NONE) {
      if (!touch.isProbe && !touch.mayCreate) return;
      const hash = addressHash(HASH_SEED, touch.t0, touch.t1, touch.t2, touch.t3);
      if (member === NONE) member = this.admitTarget(source, touch, hash);
      if (member !== NONE) contact = this.admitContact(source, member, touch);
      if (contact === NONE || this.pairSketch[source] !== NO_SKETCH)
        this.notePair(source, touch.service, hash);
      if (contact === NONE) {
        this.tallies.countOutcome(source, touch.outcome);
        if ((touch.outcome & Outcome.open) !== 0) this.finds.add(source, touch);
        return;
      }
      this.contacts.kinds[contact] = touch.kind;
      this.contacts.ttl[contact] = touch.ttl;
      this.contacts.tuple[contact] = touch.tuple();
    } else if (touch.isProbe) this.contacts.kinds[contact] |= touch.kind;
    this.tallies.countOutcome(source, touch.outcome & ~this.contacts.outcome[contact]);
    this.contacts.outcome[contact] |= touch.outcome;
    this.contacts.lastUs[contact] = touch.offsetUs;
    if (touch.isProbe) {
      this.contacts.packets[contact] = Math.min(
        0xffff,
        this.contacts.packets[contact] + touch.packets,
      );
    }
  }

  /**
   * A new target: into the exact set if there is room (else NONE), and into a sketch once there was
   * none. `targetHash` is what sketches take of it.
   */
  private admitTarget(source: number, touch: Touch, targetHash: number): number {
    let member = NONE;
    if (this.targetCount[source] < TARGETS_EXACT_MAX) {
      member = this.addMember(source, touch);
      if (member !== NONE) {
        if (this.targetCount[source] === this.early.earlyTargets) this.reach(source, EARLY_TARGETS);
        if (this.targetSketch[source] === NO_SKETCH) return member;
      }
    }
    if (this.targetSketch[source] === NO_SKETCH) {
      const sketch = this.sketches.take();
      this.targetSketch[source] = sketch;
      for (let m = this.firstMember[source]; m !== NONE; m = this.targets.next[m]) {
        this.sketches.add(sketch, this.targets.hashOf(m));
      }
    }
    this.sketches.add(this.targetSketch[source], targetHash);
    return member;
  }

  private reach(source: number, count: number): void {
    this.reached = this.crossed === source ? this.reached | count : count;
    this.crossed = source;
  }

  /**
   * A new contact: into the exact list if there is room (else NONE), and its port into the target's
   * set once there was none.
   */
  private admitContact(source: number, member: number, touch: Touch): number {
    const ports = this.targets.portCount[member];
    let contact = NONE;
    if (this.contactCount[source] < CONTACTS_EXACT_MAX && ports < PORTS_EXACT_MAX) {
      contact = this.addContact(source, member, touch.service, touch.offsetUs);
      if (contact !== NONE) {
        if (ports + 1 === this.early.earlyPorts) this.reach(source, EARLY_PORTS);
        if (this.contactCount[source] === this.early.earlyPairs) this.reach(source, EARLY_PAIRS);
        if (this.targets.portSet[member] === NO_PORT_SET) return contact;
      }
    }
    const { portSet } = this.targets;
    if (portSet[member] === NO_PORT_SET) {
      for (let c = this.firstContact[source]; c !== NONE; c = this.contacts.next[c]) {
        if (this.contacts.member[c] === member)
          this.portSets.add(portSet, member, this.contacts.service[c]);
      }
    }
    this.portSets.add(portSet, member, touch.service);
    return contact;
  }

  /**
   * Pairs and ports once they are beyond the list. What is listed is in them too.
   */
  private notePair(source: number, service: number, targetHash: number): void {
    if (this.pairSketch[source] === NO_SKETCH) {
      const pairs = this.sketches.take();
      this.pairSketch[source] = pairs;
      for (let c = this.firstContact[source]; c !== NONE; c = this.contacts.next[c]) {
        const known = this.contacts.service[c];
        this.sketches.add(pairs, finish(mix(this.targets.hashOf(this.contacts.member[c]), known)));
        this.portSets.add(this.portSet, source, known);
      }
    }
    this.sketches.add(this.pairSketch[source], finish(mix(targetHash, service)));
    this.portSets.add(this.portSet, source, service);
  }

  /** False when the touch's target is certainly none of the source's exact ones. */
  private mayBeMember(source: number, touch: Touch): boolean {
    if (this.targetSketch[source] === NO_SKETCH) return true;
    if (!this.filters.has(source)) {
      if (!this.filters.open(source)) return true;
      for (let m = this.firstMember[source]; m !== NONE; m = this.targets.next[m]) {
        this.filters.add(source, this.targets.keyedHashOf(m, touch.tunnelKey));
      }
    }
    return this.filters.mayContain(source, touch.targetHash);
  }

  private findMember(source: number, touch: Touch): number {
    const { sourceHash, t0, t1, t2, t3 } = touch;
    return this.targets.find(sourceHash, source, t0, t1, t2, t3);
  }

  private addMember(source: number, touch: Touch): number {
    const member = this.targets.append(
      touch.sourceHash,
      source,
      touch.t0,
      touch.t1,
      touch.t2,
      touch.t3,
      this.targetCount[source],
      this.lastMember[source],
    );
    if (member === NONE) return NONE;
    if (this.lastMember[source] === NONE) this.firstMember[source] = member;
    this.lastMember[source] = member;
    this.targetCount[source]++;
    this.filters.add(source, touch.targetHash);
    return member;
  }

  private addContact(source: number, member: number, service: number, offsetUs: number): number {
    const contact = this.contacts.add(member, service, offsetUs);
    if (contact === NONE) return contact;
    if (this.lastContact[source] === NONE) this.firstContact[source] = contact;
    else this.contacts.next[this.lastContact[source]] = contact;
    this.lastContact[source] = contact;
    this.contactCount[source]++;
    this.targets.portCount[member]++;
    return contact;
  }
}
