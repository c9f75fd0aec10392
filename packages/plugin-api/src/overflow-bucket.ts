/** Ten seconds of what no longer fits the list of a window: sets, and what is missing in them. */
import { addressHash } from './contact.js';
import { DEEP_BYTES, DEEP_MAX } from './past.js';
import { PortSet } from './port-set.js';
import { Sketch } from './sketch.js';

/** Targets whose ports are counted when memory is short: a port scan is one of few. */
const DEEP_KEPT = 4;
/** About what a bucket takes in memory beside its sets. */
const BUCKET_BYTES = 384;

export type SetName = 'targets' | 'pairs' | 'ports' | 'deep';

/** Ports of one target. */
interface Deep {
  ports: PortSet;
  lastUs: number;
  /** An observer had no room for some of them. */
  isCut: boolean;
}

/** A plain object: a checkpoint walks it. */
export interface Bucket {
  startUs: number;
  /** When anything that is in it was last touched. */
  lastUs: number;
  /** Null: no set of that kind overflowed in this bucket. */
  targets: Sketch | null;
  pairs: Sketch | null;
  ports: PortSet | null;
  deep: Map<string, Deep>;
  /** Sets that were needed and could not be had. Of `deep`: those of targets it does not have. */
  incomplete: Set<SetName>;
  /** Some targets of `deep` are in no list. */
  hasOwnTargets: boolean;
  /** An observer had no room for a target's name: whose ports those were, nobody knows. */
  hasUnlistedTargets: boolean;
}

/** An empty one that begins at `startUs`. */
export function newBucket(startUs: number): Bucket {
  return {
    startUs,
    lastUs: 0,
    targets: null,
    pairs: null,
    ports: null,
    deep: new Map(),
    incomplete: new Set(),
    hasOwnTargets: false,
    hasUnlistedTargets: false,
  };
}

/** Notes a target that is in no list: among those whose ports are counted, else in the sketch. */
export function addTarget(bucket: Bucket, target: string): void {
  if (bucket.deep.has(target)) {
    bucket.hasOwnTargets = true;
    return;
  }
  bucket.targets ??= new Sketch();
  bucket.targets.add(addressHash(target));
}

/** The ports of a target, to be added to; null when the bucket has those of too many others. */
export function deepOf({ deep, incomplete }: Bucket, target: string): Deep | null {
  let known = deep.get(target) ?? null;
  if (known === null && deep.size < DEEP_MAX) {
    known = { ports: new PortSet(), lastUs: 0, isCut: false };
    deep.set(target, known);
  }
  if (known === null) incomplete.add('deep');
  return known;
}

/** Forgets whose ports are which, but of the targets with most. False: there are no others. */
export function forgetDeep(bucket: Bucket): boolean {
  const { deep } = bucket;
  if (deep.size <= DEEP_KEPT) return false;
  const deepest = [...deep].sort(([, a], [, b]) => b.ports.size - a.ports.size);
  bucket.deep = new Map(deepest.slice(0, DEEP_KEPT));
  if (bucket.hasOwnTargets) for (const target of deep.keys()) addTarget(bucket, target);
  bucket.hasUnlistedTargets = true;
  return true;
}

/** About what it takes in memory. */
export function bytesOf({ targets, pairs, ports, deep }: Bucket): number {
  let sum = BUCKET_BYTES;
  for (const set of [targets, pairs, ports]) sum += set?.bytes ?? 0;
  for (const { ports } of deep.values()) sum += ports.bytes + DEEP_BYTES;
  return sum;
}

/** Whether all ports of all targets are known that the lists do not have. */
export function hasAllPorts({ deep, incomplete, hasUnlistedTargets }: Bucket): boolean {
  if (hasUnlistedTargets || incomplete.has('deep')) return false;
  for (const { isCut } of deep.values()) if (isCut) return false;
  return true;
}

/** The sets that have overflowed in a bucket. */
export function setsOf(bucket: Bucket): Set<SetName> {
  const { targets, pairs, ports, deep, incomplete } = bucket;
  const sets = new Set(incomplete);
  if (targets !== null || bucket.hasOwnTargets) sets.add('targets');
  if (pairs !== null) sets.add('pairs');
  if (ports !== null) sets.add('ports');
  if (deep.size > 0 || bucket.hasUnlistedTargets) sets.add('deep');
  return sets;
}
