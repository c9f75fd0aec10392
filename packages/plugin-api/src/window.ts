/**
 * The sliding window of one source: epochs merge into it by packet time, and detectors read it.
 * Contacts are listed (contact-list.ts); beyond `CONTACTS_MAX` of them in a minute, sketches and
 * sets of ports take over (overflow.ts), and the counts say whether they are estimates. What all
 * windows together may take in memory is bounded: one that takes more than its share is shrunk, and
 * what is counted of it then is "at least".
 */
import type { Origin, SourceObservation } from './batch.js';
import {
  CONTACT_SIZE,
  ContactAt,
  Outcome,
  SINGLE_SIZE,
  SingleAt,
  SourceCounter,
} from './batch-layout.js';
import { type Contact, type Count, latin1 } from './contact.js';
import { ContactList } from './contact-list.js';
import { MINUTE_US } from './epochs.js';
import type { Reach } from './finding.js';
import { Finds } from './finds.js';
import { MinuteCounters } from './minute-counters.js';
import { contactOfSingle, listedContact } from './observed-contact.js';
import { hasLargeSets, Overflow } from './overflow.js';
import { PayloadEvidence } from './payload-evidence.js';
import { countersOfSingle } from './single-counters.js';

/** About what a window takes in memory apart from what it lists. */
const WINDOW_BYTES = 1024;

export class SourceWindow {
  private readonly list = new ContactList();
  private readonly counts = new MinuteCounters();
  /** Grows with every change of what is known of the source. */
  revision = 0;
  firstSeenUs = Number.POSITIVE_INFINITY;
  lastSeenUs = 0;
  runKey = 0;
  /** What it said to services; null when nothing known. */
  payloads: PayloadEvidence | null = null;
  ttlMin = 0;
  ttlMax = 0;
  sourcePortMin = 0;
  sourcePortMax = 0;
  /** Union of its probes' Trait bits. */
  traits = 0;
  /**
   * What few sources need is made when it is needed: a flood leaves tens of thousands of windows
   * with one contact each.
   */
  private signatureCounts: Map<string, number> | null = null;
  /** When the latest was touched of what was given up before its time. */
  private cutUs = Number.NEGATIVE_INFINITY;
  /** The same of contacts that `reach` does not count either. */
  private lostUs = Number.NEGATIVE_INFINITY;
  /** When something came unasked last for which the list had no room. */
  private unaskedMissedUs = Number.NEGATIVE_INFINITY;
  /** Contacts that were given up; whoever counts them takes them. */
  private dropped = 0;
  /** What the list and the observations' own lists had no room for. */
  private overflow: Overflow | null = null;
  /**
   * Since when all that it did counts as one thing (packet time): while something is found of it,
   * and for a pause after. Null: nothing is.
   */
  reachSinceUs: number | null = null;
  /** When something was found of it last. */
  private foundUs = 0;
  /** Of that, open services, until they are told. Null: none so far. */
  finds: Finds | null = null;

  constructor(
    readonly tunnelKey: number,
    /** 4 or 16 bytes as latin1. */
    readonly address: string,
    private readonly horizonUs: number,
    /** As long as an incident waits for its source to go on. */
    private readonly pauseUs: number,
  ) {}

  /**
   * Takes in one epoch's observation. An early one is superseded by the final one of the same
   * sensor and epoch; what several sensors saw adds up.
   */
  merge(observation: SourceObservation, origin: Origin): void {
    this.revision++;
    const { address, targets, contacts } = observation;
    const { epochStartUs, signatures } = origin;
    const names: string[] = [];
    for (let at = 0; at < targets.length; at += address.length)
      names.push(latin1(targets, at, address.length));
    const view = new DataView(contacts.buffer, contacts.byteOffset, contacts.byteLength);
    const unlisted = new Set(names);
    for (let at = 0; at < contacts.length; at += CONTACT_SIZE) {
      unlisted.delete(names[view.getUint16(at + ContactAt.target, true)]);
      this.mergeContact(listedContact(view, at, names, origin), epochStartUs);
    }
    if (hasLargeSets(observation) || unlisted.size > 0) {
      const large = this.largeSets();
      large.merge(observation, names, epochStartUs);
      large.addTargets(unlisted, epochStartUs);
    }
    if (observation.finds.length > 0 || observation.findsMissed > 0) {
      this.finds ??= new Finds();
      this.finds.merge(observation.finds, observation.findsMissed, address.length);
    }
    this.counts.merge(observation.counters, origin);
    for (const { index, count } of observation.signatures)
      this.countSignature(signatures[index], count);
    if (this.runKey === 0) this.runKey = observation.runKey;
    this.traits |= observation.traits;
    this.noteStack(
      observation.ttlMin,
      observation.ttlMax,
      observation.sourcePortMin,
      observation.sourcePortMax,
    );
    this.seen(epochStartUs + observation.firstUs, epochStartUs + observation.lastUs);
    if (observation.hits.length === 0 && observation.samples.length === 0) return;
    this.payloads ??= new PayloadEvidence();
    this.payloads.merge(
      observation,
      names,
      origin.final,
      epochStartUs + observation.firstUs,
      epochStartUs + observation.lastUs,
    );
  }

  /** Takes in one single: a SINGLE_SIZE record at `at`. */
  mergeSingle(singles: Uint8Array, at: number, origin: Origin): void {
    this.revision++;
    const { epochStartUs, signatures } = origin;
    const view = new DataView(singles.buffer, singles.byteOffset + at, SINGLE_SIZE);
    const size = this.address.length;
    const target = latin1(singles, at + SingleAt.target + 16 - size, size);
    const contact = contactOfSingle(view, target, origin);
    const traits = view.getUint32(SingleAt.traits, true);
    const signature = view.getUint16(SingleAt.signature, true);
    const { kinds, outcome, packets, firstUs, lastUs, ttl } = contact;
    this.mergeContact(contact, epochStartUs);
    this.counts.merge(countersOfSingle(kinds, outcome, traits, packets), origin);
    if (signature < signatures.length) this.countSignature(signatures[signature], packets);
    this.traits |= traits;
    if (packets > 0) this.noteStack(ttl, ttl, 0, 0);
    this.seen(firstUs, lastUs);
  }

  /**
   * Moves the minute that counters and large sets cover to packet time `nowUs`, and ends what
   * counts as one thing when nothing was found for a pause. Called before the window is judged.
   */
  slide(nowUs: number): void {
    this.counts.slide(nowUs);
    this.overflow?.slide(nowUs);
    if (this.reachSinceUs === null || nowUs - this.foundUs <= this.pauseUs) return;
    this.reachSinceUs = null;
    this.overflow?.keepPast(false);
  }

  /** Forgets what is older than the horizon at packet time `nowUs`. True when nothing is left. */
  expire(nowUs: number): boolean {
    this.revision++;
    const oldest = nowUs - this.horizonUs;
    this.noteForgotten(this.list.expire(oldest), nowUs);
    if (this.payloads?.expire(oldest)) this.payloads = null;
    this.slide(nowUs);
    return !this.hasContacts(1);
  }

  /**
   * A counter (SourceCounter) since the source was first heard of without a pause of a whole
   * horizon.
   */
  total(counter: number): number {
    return this.counts.ofAll(counter);
  }

  /** Several counters since then. */
  totals(counters: readonly number[]): number {
    let sum = 0;
    for (const counter of counters) sum += this.total(counter);
    return sum;
  }

  /** A counter (SourceCounter) summed over the last minute. */
  counter(counter: number): number {
    return this.counts.ofMinute(counter);
  }

  /** Several counters summed over the last minute. */
  counters(counters: readonly number[]): number {
    let sum = 0;
    for (const counter of counters) sum += this.counts.ofMinute(counter);
    return sum;
  }

  /** What it touched, by a key of their own. */
  get contacts(): ReadonlyMap<string, Contact> {
    return this.list.byKey;
  }

  /** Whether anything it did since `sinceUs` was given up: counts of that time are "at least". */
  isCutSince(sinceUs: number): boolean {
    return this.cutUs >= sinceUs;
  }

  /** Canonical SYN signatures (latin1) and how many SYNs carried each. */
  get signatures(): ReadonlyMap<string, number> {
    return this.signatureCounts ?? NO_SIGNATURES;
  }

  /** Whether `count` distinct contacts are possible: listed, or in large sets. */
  hasContacts(count: number): boolean {
    return this.contacts.size >= count || this.overflow?.isCounting === true;
  }

  /** Whether any listed contact passes the test. */
  hasContact(test: (contact: Contact) => boolean): boolean {
    for (const contact of this.contacts.values()) if (test(contact)) return true;
    return false;
  }

  /** Distinct targets that were probed since `sinceUs`, given the exactly known ones. */
  targetCount(listed: ReadonlySet<string> | ReadonlyMap<string, unknown>, sinceUs: number): Count {
    return this.countSince(sinceUs, listed.size, this.probesOverflow()?.targets(listed, sinceUs));
  }

  /** Distinct (target, protocol, port), given the exactly known ones. */
  pairCount(listed: readonly Contact[], sinceUs: number): Count {
    return this.countSince(sinceUs, listed.length, this.probesOverflow()?.pairs(listed, sinceUs));
  }

  /** What got something unasked since `sinceUs`, given the listed contacts that did. */
  unaskedCounts(listed: readonly Contact[], sinceUs: number): { targets: Count; pairs: Count } {
    const listedTargets = new Set(listed.map(({ target }) => target));
    const all = this.isUnasked ? this.overflow : null;
    const targets = this.countSince(
      sinceUs,
      listedTargets.size,
      all?.targets(listedTargets, sinceUs),
    );
    const pairs = this.countSince(sinceUs, listed.length, all?.pairs(listed, sinceUs));
    // Beside probes, nobody knows which of what is not listed came unasked.
    const isUnclear = all === null && this.overflow?.isCounting === true;
    if (!isUnclear && this.unaskedMissedUs < sinceUs) return { targets, pairs };
    return { targets: { ...targets, exact: false }, pairs: { ...pairs, exact: false } };
  }

  /** Distinct ports of one target, given the exactly known contacts with it. */
  portCount(target: string, listed: readonly Contact[], sinceUs: number): Count {
    const large = this.probesOverflow()?.portsOf(target, listed, sinceUs);
    return this.countSince(sinceUs, listed.length, large);
  }

  /** Whether ports of the target may be known that found no room in the list. */
  hasUnlistedPorts(target: string): boolean {
    return this.overflow?.hasPortsOf(target) === true;
  }

  /** Distinct services (`serviceOf`) over all targets, given the exactly known ones. */
  allPortCount(services: ReadonlyMap<number, unknown>, sinceUs: number): Count {
    return this.countSince(sinceUs, services.size, this.probesOverflow()?.ports(services, sinceUs));
  }

  /** The services of contacts that found no room in the list, some of those listed among them. */
  unlistedServices(): number[] {
    return this.probesOverflow()?.services() ?? [];
  }

  /** Tells since when something is found of the source; null: nothing is. */
  noteFindings(sinceUs: number | null, nowUs: number): void {
    if (sinceUs === null) return;
    this.foundUs = nowUs;
    this.reachSinceUs = Math.min(this.reachSinceUs ?? sinceUs, sinceUs);
    this.overflow?.keepPast(true);
  }

  /** Whether contacts since then are in no list and no set of the minute any more. */
  get hasPast(): boolean {
    return this.overflow?.hasPast === true;
  }

  /** What was reached since then, given the listed contacts of that time. */
  reach(listed: readonly Contact[], sinceUs: number): Reach {
    const overflow = this.probesOverflow() ?? new Overflow();
    const reach = overflow.reach(listed, sinceUs);
    return { ...reach, exact: reach.exact && this.lostUs < sinceUs };
  }

  /** Targets with at least `count` listed contacts. */
  targetsWith(count: number): string[] {
    return this.list.targetsWith(count);
  }

  /**
   * When what the list had no room for was last touched, to the epoch: packet time, 0 for never.
   * With `target`, when ports of that one were.
   */
  unlistedLastUs(target?: string): number {
    return this.probesOverflow()?.lastUs(target) ?? 0;
  }

  /** About what the window takes in memory: the same for the same window, wherever it is. */
  get bytes(): number {
    const { list, counts, overflow, payloads, finds } = this;
    const large = (overflow?.bytes ?? 0) + (payloads?.bytes ?? 0) + (finds?.bytes ?? 0);
    return WINDOW_BYTES + list.bytes + counts.bytes + large;
  }

  /**
   * Gives up detail, oldest first, until the window takes at most `limitBytes`, or has little but
   * its totals left. What is counted of it is "at least" while it reaches into what was given up.
   * `nowUs` is packet time.
   */
  shrink(limitBytes: number, nowUs: number): void {
    this.revision++;
    const limit = limitBytes - WINDOW_BYTES;
    this.counts.shrink(limit / 8);
    this.payloads?.shrink(limit / 8);
    this.finds?.shrink(limit / 8);
    const rest =
      limit - (this.bytes - WINDOW_BYTES - this.list.bytes - (this.overflow?.bytes ?? 0));
    const ofList = Math.max(rest / 2, rest - (this.overflow?.bytes ?? 0));
    this.countUnlisted(this.list.shrink(ofList, nowUs), nowUs);
    const cutUs = this.overflow?.shrink(rest - this.list.bytes) ?? this.cutUs;
    this.cutUs = Math.max(this.cutUs, cutUs);
  }

  /** Contacts given up before their time since this was asked. */
  takeDropped(): number {
    const { dropped } = this;
    this.dropped = 0;
    return dropped;
  }

  /** `large`, or `listed` where nothing is larger than its list, as of what is still known. */
  private countSince(sinceUs: number, listed: number, large: Count | undefined): Count {
    const { count, exact } = large ?? { count: listed, exact: true };
    return { count, exact: exact && !this.isCutSince(sinceUs) };
  }

  /**
   * What the list had no room for, unless it all came unasked: sketches do not tell a victim's
   * answers to a spoofed flood from probes.
   */
  private probesOverflow(): Overflow | null {
    return this.overflow === null || this.isUnasked ? null : this.overflow;
  }

  /** All that it sent in the last minute came unasked. */
  private get isUnasked(): boolean {
    return this.counter(SourceCounter.unsolicited) > 0 && this.counters(ASKING) === 0;
  }

  private mergeContact(fresh: Contact, epochStartUs: number): void {
    if (this.list.merge(fresh)) return;
    const forgotten = this.list.makeRoom(fresh.lastUs, this.horizonUs);
    this.noteForgotten(forgotten, fresh.lastUs);
    if (forgotten.length === 0 || !this.list.merge(fresh)) this.overflowWith(fresh, epochStartUs);
  }

  /** The window is full: the contact goes into the large sets. */
  private overflowWith(contact: Contact, epochStartUs: number): void {
    if (contact.kinds === 0 && !this.isUnasked) {
      this.unaskedMissedUs = Math.max(this.unaskedMissedUs, contact.lastUs);
      return;
    }
    this.largeSets().add(contact, this.list.hasTarget(contact.target), epochStartUs);
    if ((contact.outcome & Outcome.open) === 0) return;
    this.finds ??= new Finds();
    this.finds.add(contact);
  }

  private largeSets(): Overflow {
    if (this.overflow === null) {
      this.overflow = new Overflow();
      this.overflow.keepPast(this.reachSinceUs !== null);
    }
    return this.overflow;
  }

  /** The list has these no more; sets go on counting those of the last minute. */
  private countUnlisted(contacts: readonly Contact[], nowUs: number): void {
    for (const contact of contacts)
      if (contact.lastUs >= nowUs - MINUTE_US) this.overflowWith(contact, contact.lastUs);
    this.noteForgotten(contacts, nowUs);
  }

  /** The list has these no more: what was reached since something was found counts them still. */
  private noteForgotten(contacts: readonly Contact[], nowUs: number): void {
    for (const contact of contacts) {
      const { lastUs, kinds } = contact;
      const isKept = this.reachSinceUs !== null && lastUs >= this.reachSinceUs;
      if (isKept) this.largeSets().addToPast(contact);
      if (lastUs < nowUs - this.horizonUs) continue;
      this.dropped++;
      if (kinds === 0) continue;
      this.cutUs = Math.max(this.cutUs, lastUs);
      if (!isKept) this.lostUs = Math.max(this.lostUs, lastUs);
    }
  }

  private countSignature(signature: string, count: number): void {
    this.signatureCounts ??= new Map();
    const known = this.signatureCounts.get(signature);
    if (known === undefined && this.signatureCounts.size >= SIGNATURES_MAX) return;
    this.signatureCounts.set(signature, (known ?? 0) + count);
  }

  private noteStack(ttlMin: number, ttlMax: number, portMin: number, portMax: number): void {
    if (ttlMin !== 0 && (this.ttlMin === 0 || ttlMin < this.ttlMin)) this.ttlMin = ttlMin;
    this.ttlMax = Math.max(this.ttlMax, ttlMax);
    if (portMin !== 0 && (this.sourcePortMin === 0 || portMin < this.sourcePortMin))
      this.sourcePortMin = portMin;
    this.sourcePortMax = Math.max(this.sourcePortMax, portMax);
  }

  private seen(firstUs: number, lastUs: number): void {
    this.firstSeenUs = Math.min(this.firstSeenUs, firstUs);
    this.lastSeenUs = Math.max(this.lastSeenUs, lastUs);
  }
}

/**
 * Counters of probes, the first of the layout, and of answers that nothing but a probe gets: what
 * comes unasked is refused, too.
 */
const ASKING = [
  ...Array.from({ length: SourceCounter.answerOpen + 1 }, (_, counter) => counter),
  SourceCounter.established,
];

const SIGNATURES_MAX = 16;
const NO_SIGNATURES: ReadonlyMap<string, number> = new Map();
