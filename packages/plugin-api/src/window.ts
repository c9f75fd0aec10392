/**
 * The sliding window of one source: epochs merge into it by packet time, and detectors read it.
 * Every contact keeps the time it was last touched, so the distinct counts of any span that ends
 * now are exact without keeping epochs apart; beyond `CONTACTS_MAX` contacts in a minute, sketches
 * in ten-second buckets take over and the counts say so.
 */
import type { Origin, SourceObservation } from './batch.js';
import {
  CONTACT_SIZE,
  Outcome,
  ProbeKind,
  SINGLE_SIZE,
  SourceCounter,
  Trait,
} from './batch-layout.js';
import { finish, HASH_SEED, mix } from './hash.js';
import { PayloadEvidence } from './payload-evidence.js';
import { Sketch } from './sketch.js';

/** Exact contacts of a source and window (guarantee 3). */
export const CONTACTS_MAX = 1024;
/** Width of a sketch bucket: a window that has overflowed is judged to this resolution. */
export const BUCKET_US = 10_000_000;
const MINUTE_US = 60_000_000;
const SOURCE_COUNTERS = Object.keys(SourceCounter).length;
const SERVICE_TCP = 6;
const SERVICE_UDP = 17;
/** Packets to one UDP port, unanswered, beyond which it is a stream (RTP, tunnels) and no probe. */
const UDP_STREAM_PACKETS = 8;
/** Time a connection gets to answer and carry data before its silence counts against the source. */
export const PENDING_US = 1_000_000;

/**
 * One (target, protocol, port) of the source. Addresses are latin1 strings of 4 or 16 bytes: map
 * keys.
 */
export interface Contact {
  target: string;
  protocol: number;
  port: number;
  /** ProbeKind and Outcome bits. */
  kinds: number;
  outcome: number;
  packets: number;
  firstUs: number;
  lastUs: number;
  ttl: number;
  tuple: number;
  /** Packets of finished epochs: an early batch is superseded by its epoch's final one. */
  packetsBefore: number;
  /** Its fate has been written to the source's long memory: 0 no, 1 served, 2 failed. */
  remembered: 0 | 1 | 2;
}

/** How a contact ended, as far as it can be told now. */
export type Fate =
  /** A connection completed and carried data, or a question was answered. */
  | 'served'
  /** Closed, unreachable, reset, or silent for longer than `PENDING_US`. */
  | 'failed'
  /** Too young to tell. */
  | 'pending'
  /** Not a probe: backscatter, the tail of an older connection, a one-way stream. */
  | 'none';

/** What one sensor counted in one epoch. */
interface Epoch {
  startUs: number;
  sensor: string;
  counters: readonly number[];
}

type SetName = 'targets' | 'pairs' | 'ports' | 'deep';

interface Bucket {
  startUs: number;
  /** Null: no set of that kind overflowed in this bucket. */
  targets: Sketch | null;
  pairs: Sketch | null;
  ports: Sketch | null;
  deep: Map<string, Sketch>;
  /** Sets for which a sketch was needed and could not be had. */
  incomplete: Set<SetName>;
}

export class SourceWindow {
  readonly contacts = new Map<string, Contact>();
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
  /** Contacts per listed target, once the list has been full: those need not go into a sketch. */
  private perTarget: Map<string, number> | null = null;
  /** Contacts dropped to keep the bound, cumulative. */
  dropped = 0;
  /** Up to this packet time a full list cannot make room: nothing in it is old enough. */
  private fullUntilUs = -1;
  private readonly buckets: Bucket[] = [];
  /** Up to this packet time the minute reaches into a sketch that is counted no more. */
  private cutUntilUs: Partial<Record<SetName, number>> | null = null;
  private slidToUs = 0;
  /** The epochs of the last minute, and the sum of those before. */
  private readonly epochs: Epoch[] = [];
  private settled: number[] | null = null;

  constructor(
    readonly tunnelKey: number,
    readonly address: Uint8Array,
    private readonly horizonUs: number,
  ) {}

  /**
   * Takes in one epoch's observation. An early one is superseded by the final one of the same
   * sensor and epoch; what several sensors saw adds up.
   */
  merge(observation: SourceObservation, origin: Origin): void {
    const { address, targets, contacts } = observation;
    const { epochStartUs, signatures } = origin;
    const names: string[] = [];
    for (let at = 0; at < targets.length; at += address.length)
      names.push(latin1(targets, at, address.length));
    const view = new DataView(contacts.buffer, contacts.byteOffset, contacts.byteLength);
    for (let at = 0; at < contacts.length; at += CONTACT_SIZE) {
      const packets = view.getUint16(at + 10, true);
      const fresh: Contact = {
        target: names[view.getUint16(at, true)],
        protocol: view.getUint8(at + 2),
        port: view.getUint16(at + 4, true),
        kinds: view.getUint16(at + 6, true),
        outcome: view.getUint16(at + 8, true),
        packets,
        firstUs: epochStartUs + view.getUint32(at + 12, true),
        lastUs: epochStartUs + view.getUint32(at + 16, true),
        ttl: view.getUint8(at + 3),
        tuple: view.getUint32(at + 20, true),
        packetsBefore: origin.final ? packets : 0,
        remembered: 0,
      };
      this.mergeContact(fresh, epochStartUs);
    }
    this.mergeSketches(observation, names, epochStartUs);
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
    const { epochStartUs, signatures } = origin;
    const view = new DataView(singles.buffer, singles.byteOffset + at, SINGLE_SIZE);
    const size = this.address.length;
    const kinds = view.getUint16(40, true);
    const packets = view.getUint16(44, true);
    const firstUs = epochStartUs + view.getUint32(52, true);
    const lastUs = epochStartUs + view.getUint32(56, true);
    const outcome = view.getUint16(42, true);
    const fresh: Contact = {
      target: latin1(singles, at + 36 - size, size),
      protocol: view.getUint8(36),
      port: view.getUint16(38, true),
      kinds,
      outcome,
      packets,
      firstUs,
      lastUs,
      ttl: view.getUint8(37),
      tuple: view.getUint32(60, true),
      packetsBefore: packets,
      remembered: 0,
    };
    this.mergeContact(fresh, epochStartUs);
    this.mergeEpoch(countersOfSingle(kinds, outcome, view.getUint32(48, true), packets), origin);
    const signature = view.getUint16(46, true);
    if (signature < signatures.length) this.countSignature(signatures[signature], packets);
    this.traits |= view.getUint32(48, true);
    if (packets > 0) this.noteStack(view.getUint8(37), view.getUint8(37), 0, 0);
    this.seen(firstUs, lastUs);
  }

  /**
   * Moves the minute that counters and sketches cover to packet time `nowUs`. Called before the
   * window is judged. A bucket counts while all of it is inside: counting a part too much would
   * make a scan of what is over, a part too little at worst ends one early.
   */
  slide(nowUs: number): void {
    this.slidToUs = nowUs;
    this.settleEpochs(nowUs);
    while (this.buckets.length > 0 && this.buckets[0].startUs < nowUs - MINUTE_US) {
      const bucket = this.buckets.shift() as Bucket;
      this.cutUntilUs ??= {};
      for (const name of setsOf(bucket))
        this.cutUntilUs[name] = bucket.startUs + BUCKET_US + MINUTE_US;
    }
  }

  /** Forgets what is older than the horizon at packet time `nowUs`. True when nothing is left. */
  expire(nowUs: number): boolean {
    const oldest = nowUs - this.horizonUs;
    for (const [key, contact] of this.contacts)
      if (contact.lastUs < oldest) this.forget(key, contact);
    if (this.payloads?.expire(oldest)) this.payloads = null;
    this.slide(nowUs);
    return this.contacts.size === 0 && this.buckets.length === 0;
  }

  /**
   * A counter (SourceCounter) since the source was first heard of without a pause of a whole
   * horizon.
   */
  total(counter: number): number {
    return (this.settled?.[counter] ?? 0) + this.counter(counter);
  }

  /** A counter (SourceCounter) summed over the last minute. */
  counter(counter: number): number {
    let sum = 0;
    for (const epoch of this.epochs) sum += epoch.counters[counter];
    return sum;
  }

  /** Several counters summed over the last minute. */
  counters(counters: readonly number[]): number {
    return counters.reduce((sum, counter) => sum + this.counter(counter), 0);
  }

  /** Canonical SYN signatures (latin1) and how many SYNs carried each. */
  get signatures(): ReadonlyMap<string, number> {
    return this.signatureCounts ?? NO_SIGNATURES;
  }

  /** Whether `count` distinct contacts are possible: listed, or hidden in a sketch. */
  hasContacts(count: number): boolean {
    return this.contacts.size >= count || this.buckets.length > 0;
  }

  /** Distinct targets that were probed. */
  targetCount(exactTargets: ReadonlySet<string> | ReadonlyMap<string, unknown>): Count {
    return this.estimate(
      'targets',
      exactTargets.size,
      (bucket) => bucket.targets,
      (sketch) => {
        for (const target of exactTargets.keys()) sketch.add(addressHash(target));
      },
    );
  }

  /** Distinct (target, protocol, port), given the exactly known ones. */
  pairCount(counted: readonly Contact[]): Count {
    return this.estimate(
      'pairs',
      counted.length,
      (bucket) => bucket.pairs,
      (sketch) => {
        for (const c of counted) sketch.add(finish(mix(addressHash(c.target), serviceOf(c))));
      },
    );
  }

  /** Distinct ports of one target, given the exactly known contacts with it. */
  portCount(target: string, contacts: readonly Contact[]): Count {
    return this.estimate(
      'deep',
      contacts.length,
      (bucket) => bucket.deep.get(target) ?? null,
      (sketch) => {
        for (const c of contacts) sketch.add(finish(mix(HASH_SEED, serviceOf(c))));
      },
    );
  }

  /** Distinct ports over all targets, given the exactly known contacts. */
  allPortCount(contacts: readonly Contact[]): Count {
    const services = new Set(contacts.map(serviceOf));
    return this.estimate(
      'ports',
      services.size,
      (bucket) => bucket.ports,
      (sketch) => {
        for (const service of services) sketch.add(finish(mix(HASH_SEED, service)));
      },
    );
  }

  private estimate(
    name: SetName,
    exact: number,
    pick: (bucket: Bucket) => Sketch | null,
    addExact: (sketch: Sketch) => void,
  ): Count {
    let merged: Sketch | null = null;
    let complete = this.slidToUs > (this.cutUntilUs?.[name] ?? -1);
    for (const bucket of this.buckets) {
      const sketch = pick(bucket);
      if (bucket.incomplete.has(name)) complete = false;
      if (sketch === null) continue;
      merged ??= new Sketch();
      merged.merge(sketch.registers);
    }
    if (merged === null) return { count: exact, exact: complete };
    addExact(merged);
    return { count: Math.max(exact, merged.estimate()), exact: false };
  }

  private mergeContact(fresh: Contact, epochStartUs: number): void {
    const key = fresh.target + String.fromCharCode(fresh.protocol, fresh.port);
    const known = this.contacts.get(key);
    if (known === undefined) {
      if (this.contacts.size >= CONTACTS_MAX && !this.makeRoom(fresh.lastUs)) {
        this.overflowContact(fresh, epochStartUs);
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

  /**
   * The window is full: the contact goes into the sketches, and so does everything listed (by
   * `estimate`).
   */
  private overflowContact(contact: Contact, epochStartUs: number): void {
    this.dropped++;
    if (contact.kinds === 0) return;
    const bucket = this.bucketAt(epochStartUs);
    const target = addressHash(contact.target);
    this.perTarget ??= countTargets(this.contacts.values());
    if (!this.perTarget.has(contact.target)) {
      bucket.targets ??= new Sketch();
      bucket.targets.add(target);
    }
    bucket.pairs ??= new Sketch();
    bucket.pairs.add(finish(mix(target, serviceOf(contact))));
    bucket.ports ??= new Sketch();
    bucket.ports.add(finish(mix(HASH_SEED, serviceOf(contact))));
    let deep = bucket.deep.get(contact.target);
    if (deep === undefined && bucket.deep.size < DEEP_MAX) {
      deep = new Sketch();
      bucket.deep.set(contact.target, deep);
    }
    if (deep === undefined) bucket.incomplete.add('deep');
    else deep.add(finish(mix(HASH_SEED, serviceOf(contact))));
  }

  private mergeSketches(
    observation: SourceObservation,
    names: readonly string[],
    epochStartUs: number,
  ): void {
    const { targetSketch, pairSketch, portSketch, deep } = observation;
    if (targetSketch === null && pairSketch === null && portSketch === null && deep.length === 0)
      return;
    const bucket = this.bucketAt(epochStartUs);
    const merge = (
      name: SetName,
      into: Sketch | null,
      registers: Uint8Array | null,
    ): Sketch | null => {
      if (registers === null) return into;
      if (registers.length === 0) {
        bucket.incomplete.add(name);
        return into;
      }
      const sketch = into ?? new Sketch();
      sketch.merge(registers);
      return sketch;
    };
    bucket.targets = merge('targets', bucket.targets, targetSketch);
    bucket.pairs = merge('pairs', bucket.pairs, pairSketch);
    bucket.ports = merge('ports', bucket.ports, portSketch);
    for (const { targetIndex, portSketch: ports } of deep) {
      const name = names[targetIndex];
      const known = bucket.deep.get(name) ?? null;
      if (known === null && bucket.deep.size >= DEEP_MAX) {
        bucket.incomplete.add('deep');
        continue;
      }
      const merged = merge('deep', known, ports);
      if (merged !== null) bucket.deep.set(name, merged);
    }
  }

  private forget(key: string, contact: Contact): void {
    this.contacts.delete(key);
    if (this.perTarget === null) return;
    const left = (this.perTarget.get(contact.target) ?? 0) - 1;
    if (left > 0) this.perTarget.set(contact.target, left);
    else this.perTarget.delete(contact.target);
  }

  private bucketAt(epochStartUs: number): Bucket {
    const startUs = Math.floor(epochStartUs / BUCKET_US) * BUCKET_US;
    let bucket = this.buckets.find((b) => b.startUs === startUs);
    if (bucket === undefined) {
      bucket = {
        startUs,
        targets: null,
        pairs: null,
        ports: null,
        deep: new Map(),
        incomplete: new Set(),
      };
      this.buckets.push(bucket);
      this.buckets.sort((a, b) => a.startUs - b.startUs);
    }
    return bucket;
  }

  private mergeEpoch(counters: readonly number[], origin: Origin): void {
    const { sensor, epochStartUs: startUs } = origin;
    const last = this.epochs.findIndex(
      (epoch) => epoch.startUs === startUs && epoch.sensor === sensor,
    );
    if (last >= 0) this.epochs[last] = { startUs, sensor, counters };
    else this.epochs.push({ startUs, sensor, counters });
    this.settleEpochs(startUs);
  }

  private settleEpochs(nowUs: number): void {
    while (this.epochs.length > 0 && this.epochs[0].startUs < nowUs - MINUTE_US) {
      const { counters } = this.epochs.shift() as { counters: readonly number[] };
      this.settled ??= new Array<number>(SOURCE_COUNTERS).fill(0);
      for (let i = 0; i < SOURCE_COUNTERS; i++) this.settled[i] += counters[i];
    }
  }

  private countSignature(signature: Uint8Array, count: number): void {
    const key = latin1(signature, 0, signature.length);
    this.signatureCounts ??= new Map();
    const known = this.signatureCounts.get(key);
    if (known === undefined && this.signatureCounts.size >= SIGNATURES_MAX) return;
    this.signatureCounts.set(key, (known ?? 0) + count);
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

/** A distinct count, and whether it was counted or estimated. */
export interface Count {
  count: number;
  exact: boolean;
}

const DEEP_MAX = 64;
const SIGNATURES_MAX = 16;
const NO_SIGNATURES: ReadonlyMap<string, number> = new Map();

/**
 * What came of a contact, at packet time `nowUs`; at the end of input nothing is pending any more.
 */
export function fateOf(contact: Contact, nowUs: number, atEnd: boolean): Fate {
  const { kinds, outcome } = contact;
  if (kinds === 0) return 'none';
  if ((outcome & (Outcome.closed | Outcome.unreachable | Outcome.sourceReset)) !== 0) {
    return (outcome & (Outcome.sourceData | Outcome.targetData)) !== 0 ? 'served' : 'failed';
  }
  const young = !atEnd && nowUs - contact.firstUs < PENDING_US;
  if (contact.protocol === SERVICE_UDP) {
    if ((outcome & Outcome.targetData) !== 0) return 'served';
    if (contact.packets >= UDP_STREAM_PACKETS) return 'none';
    return young ? 'pending' : 'failed';
  }
  if (
    contact.protocol === SERVICE_TCP &&
    (outcome & (Outcome.sourceData | Outcome.targetData)) !== 0
  )
    return 'served';
  return young ? 'pending' : 'failed';
}

/** The sets that have overflowed in a bucket. */
function setsOf({ targets, pairs, ports, deep, incomplete }: Bucket): Set<SetName> {
  const sets = new Set(incomplete);
  if (targets !== null) sets.add('targets');
  if (pairs !== null) sets.add('pairs');
  if (ports !== null) sets.add('ports');
  if (deep.size > 0) sets.add('deep');
  return sets;
}

function countTargets(contacts: Iterable<Contact>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { target } of contacts) counts.set(target, (counts.get(target) ?? 0) + 1);
  return counts;
}

/** protocol << 16 | port: what the observers hash. */
export function serviceOf(contact: Contact): number {
  return (contact.protocol << 16) | contact.port;
}

/** Address bytes as a latin1 string: a compact, ordered map key. */
export function latin1(bytes: Uint8Array, at: number, size: number): string {
  let text = '';
  for (let i = at; i < at + size; i++) text += String.fromCharCode(bytes[i]);
  return text;
}

/** The observers' hash of an address given as latin1. */
export function addressHash(address: string): number {
  const word = (at: number) =>
    (address.charCodeAt(at) << 24) |
    (address.charCodeAt(at + 1) << 16) |
    (address.charCodeAt(at + 2) << 8) |
    address.charCodeAt(at + 3);
  if (address.length === 4) return finish(mix(HASH_SEED, word(0)));
  return finish(mix(mix(mix(mix(HASH_SEED, word(0)), word(4)), word(8)), word(12)));
}

/**
 * The counters a single adds, by what it is. Shared, since a flood's singles are all alike; never
 * more than `SINGLE_SORTS_MAX` of them are kept.
 */
const sortsOfSingle = new Map<string, readonly number[]>();
const SINGLE_SORTS_MAX = 256;

function countersOfSingle(
  kinds: number,
  outcome: number,
  traits: number,
  packets: number,
): readonly number[] {
  const sort = `${kinds} ${outcome} ${traits} ${packets}`;
  const known = sortsOfSingle.get(sort);
  if (known !== undefined) return known;
  const counters = new Array<number>(SOURCE_COUNTERS).fill(0);
  if (kinds !== 0 && kinds !== ProbeKind.inferred)
    counters[31 - Math.clz32(kinds & 0x7fff)] = packets;
  for (const [name, bit] of Object.entries(Outcome)) {
    const counter = COUNTER_OF_OUTCOME[name as keyof typeof Outcome];
    if ((outcome & bit) !== 0 && counter !== undefined) counters[counter] = 1;
  }
  for (const [name, bit] of Object.entries(Trait)) {
    const counter = SourceCounter[name as keyof typeof SourceCounter];
    if ((traits & bit) !== 0 && counter !== undefined) counters[counter] = packets;
  }
  if (sortsOfSingle.size < SINGLE_SORTS_MAX) sortsOfSingle.set(sort, counters);
  return counters;
}

const COUNTER_OF_OUTCOME: Partial<Record<keyof typeof Outcome, number>> = {
  open: SourceCounter.answerOpen,
  closed: SourceCounter.answerClosed,
  unreachable: SourceCounter.answerUnreachable,
  established: SourceCounter.established,
  sourceReset: SourceCounter.reset,
  stackSplit: SourceCounter.stackSplit,
  backscatterSynAck: SourceCounter.unsolicited,
  backscatterRst: SourceCounter.unsolicited,
  backscatterIcmp: SourceCounter.unsolicited,
  backscatterReply: SourceCounter.unsolicited,
};
