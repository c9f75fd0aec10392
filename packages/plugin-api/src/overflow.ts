/**
 * What no longer fits the list of a window: targets and pairs of the last minute in sketches, ports
 * in exact sets, in buckets of ten seconds. The counts cover what is listed too, which the window
 * names.
 */
import type { SourceObservation } from './batch.js';
import { addressHash, type Contact, type Count, pairHash, serviceOf } from './contact.js';
import { MINUTE_US } from './epochs.js';
import type { Reach } from './finding.js';
import {
  addTarget,
  type Bucket,
  bytesOf,
  deepOf,
  forgetDeep,
  hasAllPorts,
  newBucket,
  type SetName,
  setsOf,
} from './overflow-bucket.js';
import { Past } from './past.js';
import { PortSet } from './port-set.js';
import { estimateUnion, Sketch } from './sketch.js';

/** Width of a bucket: a window that has overflowed is judged to this resolution. */
export const BUCKET_US = 10_000_000;

const NEVER = Number.NEGATIVE_INFINITY;

/**
 * By overflow and set: the union of all buckets but the newest, which is made anew only when one of
 * them changes. Null: none of them has such a set. Apart from the fields, since a checkpoint
 * need not keep it.
 */
const unions = new WeakMap<Overflow, Map<string, Sketch | PortSet | null>>();
/** Of ports, while they are counted. */
const counted = new PortSet();

/** Ordinary fields alone: a checkpoint walks them. */
export class Overflow {
  private readonly buckets: Bucket[] = [];
  /** When the latest of what has left each set was touched. */
  private droppedUs: Partial<Record<SetName, number>> = {};
  /** The same of what was not kept either. */
  private lostUs = NEVER;
  /** What has left the minute and the list, while that is wanted and there is any. */
  private past: Past | null = null;
  private keepsPast = false;
  /** Not all of it could be kept. */
  private isPastCut = false;

  /** Whether anything of the minute is here. */
  get isCounting(): boolean {
    return this.buckets.length > 0;
  }

  /**
   * Moves the minute to packet time `nowUs`. A bucket counts while all of it is inside: counting a
   * part too much would make a scan of what is over, a part too little at worst ends one early.
   */
  slide(nowUs: number): void {
    while (this.buckets.length > 0 && this.buckets[0].startUs < nowUs - MINUTE_US)
      this.dropOldest();
  }

  /** About what it takes in memory. */
  get bytes(): number {
    let sum = this.past?.bytes ?? 0;
    let largest = 0;
    for (const bucket of this.buckets) {
      const bytes = bytesOf(bucket);
      sum += bytes;
      largest = Math.max(largest, bytes);
    }
    // What the older ones are together is about as large as one of them.
    return sum + (this.buckets.length > 1 ? largest : 0);
  }

  /**
   * Gives up sets until they take at most `limitBytes`: the ports of single targets, then what is
   * oldest, then what is no more in the minute. Returns when the latest of it was touched,
   * -Infinity when nothing of the minute was given up.
   */
  shrink(limitBytes: number): number {
    if (this.bytes <= limitBytes) return NEVER;
    unions.delete(this);
    let cutUs = NEVER;
    this.past?.forgetTargets();
    for (const bucket of this.buckets)
      if (forgetDeep(bucket)) cutUs = Math.max(cutUs, bucket.lastUs);
    while (this.buckets.length > 0 && this.bytes > limitBytes)
      cutUs = Math.max(cutUs, this.dropOldest());
    if (this.past !== null && this.bytes > limitBytes) {
      this.past = null;
      this.isPastCut = true;
    }
    return cutUs;
  }

  /**
   * When any of it was last touched, to the epoch: packet time, 0 for never. With `target`, when
   * ports of that one were.
   */
  lastUs(target?: string): number {
    const times = this.buckets.map((bucket) =>
      target === undefined ? bucket.lastUs : (bucket.deep.get(target)?.lastUs ?? 0),
    );
    return Math.max(0, ...times);
  }

  /** Whether what leaves the minute and the list is kept; if not, what was kept is forgotten. */
  keepPast(keeps: boolean): void {
    this.keepsPast = keeps;
    if (keeps) return;
    this.past = null;
    this.isPastCut = false;
  }

  /** Whether anything has left the minute or the list, and was kept. */
  get hasPast(): boolean {
    return this.past !== null;
  }

  /** Takes in a contact that the list has no more. */
  addToPast(contact: Contact): void {
    if (!this.keepsPast || contact.kinds === 0) return;
    this.past ??= new Past();
    this.past.add(contact);
  }

  /** All that was reached since `sinceUs`, with the listed contacts: what is here, and the past. */
  reach(listed: readonly Contact[], sinceUs: number): Reach {
    const known = this.targetsWith(listed.map(({ target }) => target));
    const services = listed.map(serviceOf);
    const isKept = !this.isPastCut && this.lostUs < sinceUs;
    if (this.past === null) {
      const counts = [
        this.targets(known, sinceUs),
        this.ports(new Set(services), sinceUs),
        this.pairs(listed, sinceUs),
      ];
      const [targets, ports, pairs] = counts.map(({ count }) => count);
      return { targets, ports, pairs, exact: isKept && counts.every(({ exact }) => exact) };
    }
    this.countPorts('ports', services, true, portsOfAll);
    counted.absorb(this.past.ports);
    const ports = counted.size;
    const { byTarget } = this.past;
    if (byTarget !== null && this.buckets.every(hasAllPorts)) {
      for (const target of byTarget.keys()) known.add(target);
      const pairs = this.sumOfPorts(listed, byTarget);
      return { targets: known.size, ports, pairs, exact: isKept };
    }
    const ofTargets = [this.past.targets, ...this.sketchesOf('targets')];
    const ofPairs = [this.past.pairs, ...this.sketchesOf('pairs')];
    const targets = Math.max(known.size, estimateUnion(ofTargets, [...known].map(addressHash)));
    // There are no more of them than all on all, and at least each on one.
    const least = Math.max(targets, ports, listed.length);
    const pairs = Math.max(least, estimateUnion(ofPairs, listed.map(pairHash)));
    return { targets, ports, pairs: Math.min(pairs, targets * ports), exact: false };
  }

  /** Takes in a contact that found no room; `isTargetListed` when its target is listed. */
  add(contact: Contact, isTargetListed: boolean, epochStartUs: number): void {
    const bucket = this.bucketAt(epochStartUs);
    bucket.lastUs = Math.max(bucket.lastUs, contact.lastUs);
    const service = serviceOf(contact);
    bucket.pairs ??= new Sketch();
    bucket.pairs.add(pairHash(contact));
    bucket.ports ??= new PortSet();
    bucket.ports.add(service);
    const deep = deepOf(bucket, contact.target);
    if (!isTargetListed) addTarget(bucket, contact.target);
    if (deep === null) return;
    deep.ports.add(service);
    deep.lastUs = Math.max(deep.lastUs, contact.lastUs);
  }

  /** Takes in the large sets of an observation; `names` are its targets. */
  merge(observation: SourceObservation, names: readonly string[], epochStartUs: number): void {
    const bucket = this.bucketAt(epochStartUs);
    const lastUs = epochStartUs + observation.lastUs;
    bucket.lastUs = Math.max(bucket.lastUs, lastUs);
    const merge = (
      name: 'targets' | 'pairs',
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
    bucket.targets = merge('targets', bucket.targets, observation.targetSketch);
    bucket.pairs = merge('pairs', bucket.pairs, observation.pairSketch);
    if (observation.targetSketch !== null) bucket.hasUnlistedTargets = true;
    if (observation.ports !== null) {
      bucket.ports ??= new PortSet();
      bucket.ports.merge(observation.ports);
      if (observation.ports.length === 0) bucket.incomplete.add('ports');
    }
    for (const { targetIndex, ports } of observation.deep) {
      const deep = deepOf(bucket, names[targetIndex]);
      if (deep === null) continue;
      deep.ports.merge(ports);
      deep.lastUs = Math.max(deep.lastUs, lastUs);
      if (ports.length === 0) deep.isCut = true;
    }
  }

  /** Takes in targets whose contacts found no room in an observation: they were reached too. */
  addTargets(targets: ReadonlySet<string>, epochStartUs: number): void {
    if (targets.size === 0) return;
    const bucket = this.bucketAt(epochStartUs);
    for (const target of targets) addTarget(bucket, target);
  }

  /** Distinct targets, those listed among them. `sinceUs` is where the window begins. */
  targets(listed: ReadonlySet<string> | ReadonlyMap<string, unknown>, sinceUs: number): Count {
    const all = this.targetsWith(listed.keys());
    return this.estimate('targets', sinceUs, all.size, () => [...all].map(addressHash));
  }

  /**
   * Distinct (target, protocol, port), those of the listed contacts among them. Exact while the
   * ports of every target are.
   */
  pairs(listed: readonly Contact[], sinceUs: number): Count {
    if (this.isWhole('deep', sinceUs, hasAllPorts))
      return { count: this.sumOfPorts(listed), exact: true };
    return this.estimate('pairs', sinceUs, listed.length, () => listed.map(pairHash));
  }

  /** Distinct services, the listed ones among them. */
  ports(listed: ReadonlySet<number> | ReadonlyMap<number, unknown>, sinceUs: number): Count {
    const isWhole = this.isWhole('ports', sinceUs, ({ incomplete }) => !incomplete.has('ports'));
    return this.countPorts('ports', listed.keys(), isWhole, portsOfAll);
  }

  /** The services that a set has, in rising order. */
  services(): number[] {
    this.countPorts('ports', [], true, portsOfAll);
    return counted.services();
  }

  /** Whether services of one target are here. */
  hasPortsOf(target: string): boolean {
    for (const { deep } of this.buckets) if (deep.has(target)) return true;
    return false;
  }

  /** Distinct services of one target, those of the listed contacts with it among them. */
  portsOf(target: string, listed: readonly Contact[], sinceUs: number): Count {
    const isWhole = this.isWhole('deep', sinceUs, ({ deep, incomplete, hasUnlistedTargets }) => {
      const own = deep.get(target);
      return !hasUnlistedTargets && (own ? !own.isCut : !incomplete.has('deep'));
    });
    return this.countPortsOf(target, listed, isWhole);
  }

  private estimate(
    name: 'targets' | 'pairs',
    sinceUs: number,
    listed: number,
    listedHashes: () => number[],
  ): Count {
    const sketches = this.sketchesOf(name);
    if (sketches.length === 0)
      return { count: listed, exact: this.isWhole(name, sinceUs, (b) => !b.incomplete.has(name)) };
    return { count: Math.max(listed, estimateUnion(sketches, listedHashes())), exact: false };
  }

  private sketchesOf(name: 'targets' | 'pairs'): Sketch[] {
    return this.unionAndNewest(
      name,
      () => new Sketch(),
      (bucket) => bucket[name],
    );
  }

  /** The listed ones and those whose ports are here. */
  private targetsWith(listed: Iterable<string>): Set<string> {
    const all = new Set(listed);
    for (const { deep } of this.buckets) for (const target of deep.keys()) all.add(target);
    return all;
  }

  /** Returns when it was last touched. */
  private dropOldest(): number {
    const bucket = this.buckets.shift() as Bucket;
    unions.delete(this);
    if (this.keepsPast) this.addBucketToPast(bucket);
    else this.lostUs = Math.max(this.lostUs, bucket.lastUs);
    for (const name of setsOf(bucket))
      this.droppedUs[name] = Math.max(this.droppedUs[name] ?? NEVER, bucket.lastUs);
    return bucket.lastUs;
  }

  private addBucketToPast(bucket: Bucket): void {
    const { targets, pairs, ports, deep } = bucket;
    this.past ??= new Past();
    if (targets !== null) this.past.targets.absorb(targets);
    for (const [target, own] of deep) {
      this.past.targets.add(addressHash(target));
      this.past.portsAt(target)?.absorb(own.ports);
    }
    if (!hasAllPorts(bucket)) this.past.forgetTargets();
    if (pairs !== null) this.past.pairs.absorb(pairs);
    if (ports !== null) this.past.ports.absorb(ports);
  }

  /** Over all targets, those of the past too. */
  private sumOfPorts(
    listed: readonly Contact[],
    past: ReadonlyMap<string, PortSet> = new Map(),
  ): number {
    const byTarget = new Map<string, Contact[]>();
    for (const target of past.keys()) byTarget.set(target, []);
    for (const { deep } of this.buckets) for (const target of deep.keys()) byTarget.set(target, []);
    let sum = 0;
    for (const contact of listed) {
      const known = byTarget.get(contact.target);
      if (known === undefined) sum++;
      else known.push(contact);
    }
    for (const [target, contacts] of byTarget) {
      this.countPortsOf(target, contacts, true);
      const gone = past.get(target);
      if (gone !== undefined) counted.absorb(gone);
      sum += counted.size;
    }
    return sum;
  }

  private countPortsOf(target: string, listed: readonly Contact[], exact: boolean): Count {
    const pick = (bucket: Bucket) => bucket.deep.get(target)?.ports ?? null;
    return this.countPorts(`deep${target}`, listed.map(serviceOf), exact, pick);
  }

  /** Those of the buckets and the listed ones. */
  private countPorts(
    key: string,
    listed: Iterable<number>,
    exact: boolean,
    pick: (bucket: Bucket) => PortSet | null,
  ): Count {
    counted.clear();
    for (const set of this.unionAndNewest(key, () => new PortSet(), pick)) counted.absorb(set);
    for (const service of listed) counted.add(service);
    return { count: counted.size, exact };
  }

  /** Whether nothing since `sinceUs` is missing in a set, in no bucket and in none gone by. */
  private isWhole(
    name: SetName,
    sinceUs: number,
    isComplete: (bucket: Bucket) => boolean,
  ): boolean {
    return (this.droppedUs[name] ?? NEVER) < sinceUs && this.buckets.every(isComplete);
  }

  /** What there is of a set: the union of all buckets but the newest, and the newest's own. */
  private unionAndNewest<S extends Sketch | PortSet>(
    key: string,
    make: () => S,
    pick: (bucket: Bucket) => S | null,
  ): S[] {
    const newest = this.buckets.at(-1);
    return [this.olderUnion(key, make, pick), newest ? pick(newest) : null].filter(
      (set) => set !== null,
    );
  }

  private olderUnion<S extends Sketch | PortSet>(
    key: string,
    make: () => S,
    pick: (bucket: Bucket) => S | null,
  ): S | null {
    let known = unions.get(this);
    if (known === undefined) {
      known = new Map();
      unions.set(this, known);
    }
    let union = known.get(key) as S | null | undefined;
    if (union === undefined) {
      union = null;
      for (const bucket of this.buckets.slice(0, -1)) {
        const set = pick(bucket);
        if (set === null) continue;
        union ??= make();
        (union as { absorb(set: S): void }).absorb(set);
      }
      known.set(key, union);
    }
    return union;
  }

  /** The bucket of an epoch, to be written to. */
  private bucketAt(epochStartUs: number): Bucket {
    const startUs = Math.floor(epochStartUs / BUCKET_US) * BUCKET_US;
    const newest = this.buckets.at(-1);
    if (newest?.startUs === startUs) return newest;
    let bucket = this.buckets.find((b) => b.startUs === startUs);
    if (bucket === undefined) {
      bucket = newBucket(startUs);
      this.buckets.push(bucket);
      this.buckets.sort((a, b) => a.startUs - b.startUs);
      unions.delete(this);
    }
    if (bucket !== this.buckets.at(-1)) unions.delete(this);
    return bucket;
  }
}

/** Whether an observation has anything for an overflow. */
export function hasLargeSets({ targetSketch, pairSketch, ports, deep }: SourceObservation) {
  return targetSketch !== null || pairSketch !== null || ports !== null || deep.length > 0;
}

const portsOfAll = ({ ports }: Bucket): PortSet | null => ports;
