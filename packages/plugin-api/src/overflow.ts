/**
 * What no longer fits the list of a window: distinct counts of the last minute in sketches, in
 * buckets of ten seconds. The counts cover what is listed too, which the window names.
 */
import type { SourceObservation } from './batch.js';
import { addressHash, type Contact, type Count, serviceOf } from './contact.js';
import { finish, HASH_SEED, mix } from './hash.js';
import { estimateUnion, Sketch } from './sketch.js';

/** Width of a bucket: a window that has overflowed is judged to this resolution. */
export const BUCKET_US = 10_000_000;
const MINUTE_US = 60_000_000;
/** Targets of a bucket whose ports are estimated one by one. */
const DEEP_MAX = 64;

type SetName = 'targets' | 'pairs' | 'ports' | 'deep';

/** Ports of one target. */
interface Deep {
  sketch: Sketch;
  lastUs: number;
}

interface Bucket {
  startUs: number;
  /** When anything that is in it was last touched. */
  lastUs: number;
  /** Null: no set of that kind overflowed in this bucket. */
  targets: Sketch | null;
  pairs: Sketch | null;
  ports: Sketch | null;
  deep: Map<string, Deep>;
  /** Sets for which a sketch was needed and could not be had. */
  incomplete: Set<SetName>;
}

/**
 * By overflow and set: the union of all buckets but the newest, which is made anew only when one of
 * them changes. Null: none of them has such a sketch. Apart from the fields, since a checkpoint
 * need not keep it.
 */
const unions = new WeakMap<Overflow, Map<string, Sketch | null>>();

/** Ordinary fields alone: a checkpoint walks them. */
export class Overflow {
  private readonly buckets: Bucket[] = [];
  /** Up to this packet time the minute reaches into a sketch that is counted no more. */
  private cutUntilUs: Partial<Record<SetName, number>> = {};
  private slidToUs = 0;

  /** Whether anything of the minute is in sketches. */
  get isCounting(): boolean {
    return this.buckets.length > 0;
  }

  /**
   * Moves the minute to packet time `nowUs`. A bucket counts while all of it is inside: counting a
   * part too much would make a scan of what is over, a part too little at worst ends one early.
   */
  slide(nowUs: number): void {
    this.slidToUs = nowUs;
    while (this.buckets.length > 0 && this.buckets[0].startUs < nowUs - MINUTE_US) {
      const bucket = this.buckets.shift() as Bucket;
      unions.delete(this);
      for (const name of setsOf(bucket))
        this.cutUntilUs[name] = bucket.startUs + BUCKET_US + MINUTE_US;
    }
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

  /** Takes in a contact that found no room; `isTargetListed` when its target is listed. */
  add(contact: Contact, isTargetListed: boolean, epochStartUs: number): void {
    const bucket = this.bucketAt(epochStartUs);
    bucket.lastUs = Math.max(bucket.lastUs, contact.lastUs);
    const target = addressHash(contact.target);
    const service = serviceOf(contact);
    if (!isTargetListed) {
      bucket.targets ??= new Sketch();
      bucket.targets.add(target);
    }
    bucket.pairs ??= new Sketch();
    bucket.pairs.add(finish(mix(target, service)));
    bucket.ports ??= new Sketch();
    bucket.ports.add(serviceHash(service));
    let deep = bucket.deep.get(contact.target);
    if (deep === undefined && bucket.deep.size < DEEP_MAX) {
      deep = { sketch: new Sketch(), lastUs: 0 };
      bucket.deep.set(contact.target, deep);
    }
    if (deep === undefined) {
      bucket.incomplete.add('deep');
      return;
    }
    deep.sketch.add(serviceHash(service));
    deep.lastUs = Math.max(deep.lastUs, contact.lastUs);
  }

  /** Takes in the sketches of an observation; `names` are its targets. */
  merge(observation: SourceObservation, names: readonly string[], epochStartUs: number): void {
    const bucket = this.bucketAt(epochStartUs);
    const lastUs = epochStartUs + observation.lastUs;
    bucket.lastUs = Math.max(bucket.lastUs, lastUs);
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
    bucket.targets = merge('targets', bucket.targets, observation.targetSketch);
    bucket.pairs = merge('pairs', bucket.pairs, observation.pairSketch);
    bucket.ports = merge('ports', bucket.ports, observation.portSketch);
    for (const { targetIndex, portSketch } of observation.deep) {
      const name = names[targetIndex];
      const known = bucket.deep.get(name) ?? null;
      if (known === null && bucket.deep.size >= DEEP_MAX) {
        bucket.incomplete.add('deep');
        continue;
      }
      const sketch = merge('deep', known?.sketch ?? null, portSketch);
      if (sketch !== null)
        bucket.deep.set(name, { sketch, lastUs: Math.max(known?.lastUs ?? 0, lastUs) });
    }
  }

  /** Takes in targets whose contacts found no room in an observation: they were reached too. */
  addTargets(targets: ReadonlySet<string>, epochStartUs: number): void {
    if (targets.size === 0) return;
    const bucket = this.bucketAt(epochStartUs);
    bucket.targets ??= new Sketch();
    for (const target of targets) bucket.targets.add(addressHash(target));
  }

  /** Distinct targets, those listed among them. */
  targets(listed: ReadonlySet<string> | ReadonlyMap<string, unknown>): Count {
    const hashes = () => [...listed.keys()].map(addressHash);
    return this.estimate('targets', '', listed.size, hashes, (bucket) => bucket.targets);
  }

  /** Distinct (target, protocol, port), those of the listed contacts among them. */
  pairs(listed: readonly Contact[]): Count {
    const hashes = () => listed.map((c) => finish(mix(addressHash(c.target), serviceOf(c))));
    return this.estimate('pairs', '', listed.length, hashes, (bucket) => bucket.pairs);
  }

  /** Distinct services, the listed ones among them. */
  ports(listed: ReadonlySet<number> | ReadonlyMap<number, unknown>): Count {
    const hashes = () => [...listed.keys()].map(serviceHash);
    return this.estimate('ports', '', listed.size, hashes, (bucket) => bucket.ports);
  }

  /** Whether services of one target are in sketches. */
  hasPortsOf(target: string): boolean {
    for (const { deep } of this.buckets) if (deep.has(target)) return true;
    return false;
  }

  /** Distinct services of one target, those of the listed contacts with it among them. */
  portsOf(target: string, listed: readonly Contact[]): Count {
    const hashes = () => listed.map((contact) => serviceHash(serviceOf(contact)));
    const pick = (bucket: Bucket) => bucket.deep.get(target)?.sketch ?? null;
    return this.estimate('deep', target, listed.length, hashes, pick);
  }

  private estimate(
    name: SetName,
    member: string,
    listed: number,
    listedHashes: () => number[],
    pick: (bucket: Bucket) => Sketch | null,
  ): Count {
    const newest = this.buckets.at(-1);
    const sketches = [this.olderUnion(name + member, pick), newest ? pick(newest) : null].filter(
      (sketch) => sketch !== null,
    );
    if (sketches.length === 0) {
      const complete =
        this.slidToUs > (this.cutUntilUs[name] ?? -1) &&
        !this.buckets.some(({ incomplete }) => incomplete.has(name));
      return { count: listed, exact: complete };
    }
    return { count: Math.max(listed, estimateUnion(sketches, listedHashes())), exact: false };
  }

  private olderUnion(key: string, pick: (bucket: Bucket) => Sketch | null): Sketch | null {
    let known = unions.get(this);
    if (known === undefined) {
      known = new Map();
      unions.set(this, known);
    }
    let union = known.get(key);
    if (union === undefined) {
      union = null;
      for (const bucket of this.buckets.slice(0, -1)) {
        const sketch = pick(bucket);
        if (sketch === null) continue;
        union ??= new Sketch();
        union.merge(sketch.registers);
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
      bucket = {
        startUs,
        lastUs: 0,
        targets: null,
        pairs: null,
        ports: null,
        deep: new Map(),
        incomplete: new Set(),
      };
      this.buckets.push(bucket);
      this.buckets.sort((a, b) => a.startUs - b.startUs);
      unions.delete(this);
    }
    if (bucket !== this.buckets.at(-1)) unions.delete(this);
    return bucket;
  }
}

/** Whether an observation has anything for an overflow. */
export function hasSketches({ targetSketch, pairSketch, portSketch, deep }: SourceObservation) {
  return targetSketch !== null || pairSketch !== null || portSketch !== null || deep.length > 0;
}

function serviceHash(service: number): number {
  return finish(mix(HASH_SEED, service));
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
