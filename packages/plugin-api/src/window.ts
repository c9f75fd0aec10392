/**
 * The sliding window of one source: epochs merge into it by packet time, and detectors read it.
 * Every contact keeps the time it was last touched, so the distinct counts of any span that ends
 * now are exact without keeping epochs apart; beyond `CONTACTS_MAX` contacts in a minute, sketches
 * and sets of ports take over (overflow.ts), and the counts say whether they are estimates.
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
import { type Contact, type Count, countBy, latin1 } from './contact.js';
import { withEpoch } from './epochs.js';
import type { Reach } from './finding.js';
import { Finds } from './finds.js';
import { hasLargeSets, Overflow } from './overflow.js';
import { PayloadEvidence } from './payload-evidence.js';
import { countersOfSingle } from './single-counters.js';

/** Exact contacts of a source and window (guarantee 3). */
export const CONTACTS_MAX = 1024;
const MINUTE_US = 60_000_000;
/** As long as an incident waits for its source to go on (`correlate.idle_s`). */
const REACH_PAUSE_US = 600_000_000;
const SOURCE_COUNTERS = Object.keys(SourceCounter).length;

/** What one sensor counted in one epoch. */
interface Epoch {
  startUs: number;
  sensor: string;
  counters: readonly number[];
}

export class SourceWindow {
  readonly contacts = new Map<string, Contact>();
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
  /** Contacts per listed target, once the list has been full: those need not be counted again. */
  private perTarget: Map<string, number> | null = null;
  /** Contacts dropped to keep the bound, cumulative. */
  dropped = 0;
  /** Up to this packet time a full list cannot make room: nothing in it is old enough. */
  private fullUntilUs = -1;
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
  /** The epochs of the last minute in their order, their sum, and the sum of those before. */
  private epochs: Epoch[] = [];
  private recent: readonly number[] = NO_COUNTS;
  private settled: readonly number[] = NO_COUNTS;

  constructor(
    readonly tunnelKey: number,
    /** 4 or 16 bytes as latin1. */
    readonly address: string,
    private readonly horizonUs: number,
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
      const packets = view.getUint16(at + ContactAt.packets, true);
      const fresh: Contact = {
        target: names[view.getUint16(at + ContactAt.target, true)],
        protocol: view.getUint8(at + ContactAt.protocol),
        port: view.getUint16(at + ContactAt.port, true),
        kinds: view.getUint16(at + ContactAt.kinds, true),
        outcome: view.getUint16(at + ContactAt.outcome, true),
        packets,
        firstUs: epochStartUs + view.getUint32(at + ContactAt.firstUs, true),
        lastUs: epochStartUs + view.getUint32(at + ContactAt.lastUs, true),
        ttl: view.getUint8(at + ContactAt.ttl),
        tuple: view.getUint32(at + ContactAt.tuple, true),
        packetsBefore: origin.final ? packets : 0,
        remembered: 0,
      };
      this.mergeContact(fresh, epochStartUs);
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
    this.mergeEpoch(observation.counters, origin);
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
    const kinds = view.getUint16(SingleAt.kinds, true);
    const packets = view.getUint16(SingleAt.packets, true);
    const firstUs = epochStartUs + view.getUint32(SingleAt.firstUs, true);
    const lastUs = epochStartUs + view.getUint32(SingleAt.lastUs, true);
    const outcome = view.getUint16(SingleAt.outcome, true);
    const fresh: Contact = {
      target: latin1(singles, at + SingleAt.target + 16 - size, size),
      protocol: view.getUint8(SingleAt.protocol),
      port: view.getUint16(SingleAt.port, true),
      kinds,
      outcome,
      packets,
      firstUs,
      lastUs,
      ttl: view.getUint8(SingleAt.ttl),
      tuple: view.getUint32(SingleAt.tuple, true),
      packetsBefore: packets,
      remembered: 0,
    };
    this.mergeContact(fresh, epochStartUs);
    this.mergeEpoch(
      countersOfSingle(kinds, outcome, view.getUint32(SingleAt.traits, true), packets),
      origin,
    );
    const signature = view.getUint16(SingleAt.signature, true);
    if (signature < signatures.length) this.countSignature(signatures[signature], packets);
    this.traits |= view.getUint32(SingleAt.traits, true);
    if (packets > 0) this.noteStack(view.getUint8(SingleAt.ttl), view.getUint8(SingleAt.ttl), 0, 0);
    this.seen(firstUs, lastUs);
  }

  /**
   * Moves the minute that counters and large sets cover to packet time `nowUs`. Called before the
   * window is judged.
   */
  slide(nowUs: number): void {
    this.settleEpochs(nowUs);
    this.overflow?.slide(nowUs);
  }

  /** Forgets what is older than the horizon at packet time `nowUs`. True when nothing is left. */
  expire(nowUs: number): boolean {
    this.revision++;
    const oldest = nowUs - this.horizonUs;
    for (const [key, contact] of this.contacts)
      if (contact.lastUs < oldest) this.forget(key, contact);
    if (this.payloads?.expire(oldest)) this.payloads = null;
    this.slide(nowUs);
    return !this.hasContacts(1);
  }

  /**
   * A counter (SourceCounter) since the source was first heard of without a pause of a whole
   * horizon.
   */
  total(counter: number): number {
    return this.settled[counter] + this.recent[counter];
  }

  /** Several counters since then. */
  totals(counters: readonly number[]): number {
    let sum = 0;
    for (const counter of counters) sum += this.total(counter);
    return sum;
  }

  /** A counter (SourceCounter) summed over the last minute. */
  counter(counter: number): number {
    return this.recent[counter];
  }

  /** Several counters summed over the last minute. */
  counters(counters: readonly number[]): number {
    let sum = 0;
    for (const counter of counters) sum += this.recent[counter];
    return sum;
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

  /** Distinct targets that were probed. */
  targetCount(listed: ReadonlySet<string> | ReadonlyMap<string, unknown>): Count {
    return this.probesOverflow()?.targets(listed) ?? exactly(listed.size);
  }

  /** Distinct (target, protocol, port), given the exactly known ones. */
  pairCount(listed: readonly Contact[]): Count {
    return this.probesOverflow()?.pairs(listed) ?? exactly(listed.length);
  }

  /** Distinct ports of one target, given the exactly known contacts with it. */
  portCount(target: string, listed: readonly Contact[]): Count {
    return this.probesOverflow()?.portsOf(target, listed) ?? exactly(listed.length);
  }

  /** Whether ports of the target may be known that found no room in the list. */
  hasUnlistedPorts(target: string): boolean {
    return this.overflow?.hasPortsOf(target) === true;
  }

  /** Distinct services (`serviceOf`) over all targets, given the exactly known ones. */
  allPortCount(services: ReadonlyMap<number, unknown>): Count {
    return this.probesOverflow()?.ports(services) ?? exactly(services.size);
  }

  /** The services of contacts that found no room in the list, some of those listed among them. */
  unlistedServices(): number[] {
    return this.probesOverflow()?.services() ?? [];
  }

  /** Tells since when something is found of the source; null while nothing is. */
  noteFindings(sinceUs: number | null, nowUs: number): void {
    if (sinceUs !== null) {
      this.foundUs = nowUs;
      this.reachSinceUs = Math.min(this.reachSinceUs ?? sinceUs, sinceUs);
    } else if (nowUs - this.foundUs > REACH_PAUSE_US) this.reachSinceUs = null;
    this.overflow?.keepPast(this.reachSinceUs !== null);
  }

  /** Whether contacts since then are in no list and no set of the minute any more. */
  get hasPast(): boolean {
    return this.overflow?.hasPast === true;
  }

  /** What was reached since then, given the listed contacts of that time. */
  reach(listed: readonly Contact[]): Reach {
    const overflow = this.probesOverflow() ?? new Overflow();
    return overflow.reach(listed);
  }

  /** Targets with at least `count` listed contacts. */
  targetsWith(count: number): string[] {
    const counts = this.perTarget ?? countTargets(this.contacts);
    // Each of the others has one at least.
    if (counts.size + count - 1 > this.contacts.size) return [];
    return [...counts.keys()].filter((target) => (counts.get(target) ?? 0) >= count);
  }

  /**
   * When what the list had no room for was last touched, to the epoch: packet time, 0 for never.
   * With `target`, when ports of that one were.
   */
  unlistedLastUs(target?: string): number {
    return this.probesOverflow()?.lastUs(target) ?? 0;
  }

  /**
   * What the list had no room for, unless it all came unasked: sketches do not tell a victim's
   * answers to a spoofed flood from probes.
   */
  private probesOverflow(): Overflow | null {
    if (this.overflow === null) return null;
    const isUnasked = this.counter(SourceCounter.unsolicited) > 0 && this.counters(ASKING) === 0;
    return isUnasked ? null : this.overflow;
  }

  private mergeContact(fresh: Contact, epochStartUs: number): void {
    const key = fresh.target + String.fromCharCode(fresh.protocol, fresh.port);
    const known = this.contacts.get(key);
    if (known === undefined) {
      if (this.contacts.size >= CONTACTS_MAX && !this.makeRoom(fresh.lastUs)) {
        this.overflowWith(fresh, epochStartUs);
        return;
      }
      this.fullUntilUs = -1;
      this.contacts.set(key, fresh);
      this.perTarget?.set(fresh.target, (this.perTarget.get(fresh.target) ?? 0) + 1);
      return;
    }
    known.kinds |= fresh.kinds;
    known.outcome |= fresh.outcome;
    known.packets = known.packetsBefore + fresh.packets;
    known.packetsBefore += fresh.packetsBefore;
    known.firstUs = Math.min(known.firstUs, fresh.firstUs);
    known.lastUs = Math.max(known.lastUs, fresh.lastUs);
    if (known.ttl === 0) known.ttl = fresh.ttl;
    if (known.tuple === 0) known.tuple = fresh.tuple;
  }

  /**
   * Forgets contacts older than a minute, oldest first: long memory yields to the exactness of the
   * short.
   */
  private makeRoom(nowUs: number): boolean {
    if (nowUs <= this.fullUntilUs) return false;
    this.expire(nowUs);
    if (this.contacts.size < CONTACTS_MAX) return true;
    const old = [...this.contacts].filter(([, contact]) => contact.lastUs < nowUs - MINUTE_US);
    old.sort(([, a], [, b]) => a.lastUs - b.lastUs);
    const forgotten = old.slice(0, Math.max(1, CONTACTS_MAX / 8));
    for (const [key, contact] of forgotten) this.forget(key, contact);
    this.dropped += forgotten.length;
    if (this.contacts.size < CONTACTS_MAX) return true;
    let oldestUs = nowUs;
    for (const { lastUs } of this.contacts.values()) oldestUs = Math.min(oldestUs, lastUs);
    this.fullUntilUs = oldestUs + Math.min(this.horizonUs, MINUTE_US);
    return false;
  }

  /** The window is full: the contact goes into the large sets. */
  private overflowWith(contact: Contact, epochStartUs: number): void {
    this.dropped++;
    if (contact.kinds === 0) return;
    this.perTarget ??= countTargets(this.contacts);
    this.largeSets().add(contact, this.perTarget.has(contact.target), epochStartUs);
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

  private forget(key: string, contact: Contact): void {
    this.contacts.delete(key);
    if (this.reachSinceUs !== null && contact.lastUs >= this.reachSinceUs)
      this.largeSets().addToPast(contact);
    if (this.perTarget === null) return;
    const left = (this.perTarget.get(contact.target) ?? 0) - 1;
    if (left > 0) this.perTarget.set(contact.target, left);
    else this.perTarget.delete(contact.target);
  }

  private mergeEpoch(counters: readonly number[], origin: Origin): void {
    const { sensor, epochStartUs: startUs } = origin;
    const last = this.epochs.findIndex(
      (epoch) => epoch.startUs === startUs && epoch.sensor === sensor,
    );
    if (last >= 0) {
      this.recent = combine(this.recent, this.epochs[last].counters, -1);
      this.epochs[last] = { startUs, sensor, counters };
    } else {
      this.epochs = withEpoch(this.epochs, { startUs, sensor, counters });
    }
    // Most sources are seen in one epoch only: they share its counters.
    this.recent = this.epochs.length === 1 ? counters : combine(this.recent, counters, 1);
    this.settleEpochs(startUs);
  }

  private settleEpochs(nowUs: number): void {
    while (this.epochs.length > 0 && this.epochs[0].startUs < nowUs - MINUTE_US) {
      const { counters } = this.epochs.shift() as { counters: readonly number[] };
      this.recent = combine(this.recent, counters, -1);
      this.settled = combine(this.settled, counters, 1);
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

/** Counters of probes, and of answers to them: the first of the layout. */
const ASKING = Array.from({ length: SourceCounter.established + 1 }, (_, counter) => counter);

const SIGNATURES_MAX = 16;
const NO_COUNTS: readonly number[] = new Array<number>(SOURCE_COUNTERS).fill(0);
const NO_SIGNATURES: ReadonlyMap<string, number> = new Map();

function combine(counts: readonly number[], more: readonly number[], sign: 1 | -1): number[] {
  return counts.map((count, counter) => count + sign * more[counter]);
}

function exactly(count: number): Count {
  return { count, exact: true };
}

function countTargets(contacts: ReadonlyMap<string, Contact>): Map<string, number> {
  return countBy(contacts, ({ target }) => target);
}
