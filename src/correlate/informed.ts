/**
 * Information flow: a later source that goes only where an earlier scan found something open was
 * told by it, with the odds of that by chance. Reported as "informed by", since shared public data
 * could tell a stranger too.
 */
import type { Activity } from '../../packages/plugin-api/src/finding.js';
import { parseAddress } from '../shared/address.js';

/** What a breadth scan learned. */
export interface Learned {
  /** `ip proto/port` of each exposed service. */
  exposed: ReadonlySet<string>;
  /** Hosts that have any of them. */
  exposedHosts: ReadonlySet<string>;
  /** Known ones of those it tested, and how many it tested. */
  targets: ReadonlySet<string>;
  ports: ReadonlySet<string>;
  hostCount: number;
  pairCount: number;
}

/**
 * Odds above which a visit is no evidence: one in a hundred. One host among the few percent that
 * answered anything is where an unrelated scanner would go too.
 */
const CHANCE_MAX = 0.01;
/**
 * Pairs an earlier scan must have tested, and services it must have found, for odds to mean
 * anything.
 */
const TESTED_MIN = 50;
const EXPOSED_MIN = 3;
/**
 * The odds that an unrelated scanner sits in the same /24 or /64, taken far too high on purpose:
 * there are sixteen million /24s, but scanners cluster.
 */
const NEIGHBOUR_CHANCE = 1 / 256;
const NEIGHBOUR_HITS_MIN = 2;

/** Whether a scan learned enough for odds to mean anything. */
export function canInform({ pairCount, exposed }: Learned): boolean {
  return pairCount >= TESTED_MIN && exposed.size >= EXPOSED_MIN;
}

/**
 * The odds that a source picked its contacts without knowing, or null when they are no evidence.
 * Counts only what lies inside the earlier scan's hosts and ports.
 */
export function chanceOf(activity: Activity, learned: Learned, near: boolean): number | null {
  const { exposedHosts } = learned;
  // Who goes to far more hosts than were found does not go by what was found.
  if (!canInform(learned) || activity.targetCount > 2 * exposedHosts.size) return null;
  const hosts = activity.targets.filter((target) => learned.targets.has(target));
  const ports = activity.ports.filter(({ proto, port }) => learned.ports.has(`${proto}/${port}`));
  if (hosts.length === 0 || ports.length === 0 || hosts.length < activity.targetCount / 2)
    return null;
  const visited = activity.exposed.filter(
    ({ ip, proto, port }) => learned.targets.has(ip) && learned.ports.has(`${proto}/${port}`),
  );
  const hits = visited.filter(({ ip, proto, port }) =>
    learned.exposed.has(`${ip} ${proto}/${port}`),
  ).length;
  // A source that probes what was found closed as well is not choosing.
  const tried = Math.max(visited.length, Math.min(hosts.length * ports.length, activity.pairCount));
  const byPair = tail(hits, tried, learned.exposed.size / learned.pairCount);
  const hostHits = hosts.filter((host) => exposedHosts.has(host)).length;
  const byHost = tail(hostHits, hosts.length, exposedHosts.size / learned.hostCount);
  // A neighbour that visits nothing but what was found is no coincidence even where much is open.
  const isNeighbour = near && hits >= NEIGHBOUR_HITS_MIN && hits === tried;
  const chance = isNeighbour ? byPair * NEIGHBOUR_CHANCE : Math.max(byPair, byHost);
  return chance <= CHANCE_MAX ? chance : null;
}

/** Probability of at least `hits` of `tries` at rate `p`: binomial, the hypergeometric's limit. */
function tail(hits: number, tries: number, p: number): number {
  if (p >= 1) return 1;
  let term = (1 - p) ** tries;
  let below = 0;
  for (let k = 0; k < hits; k++) {
    below += term;
    term *= ((tries - k) / (k + 1)) * (p / (1 - p));
  }
  return Math.min(1, Math.max(0, 1 - below));
}

/** In the same /24 or /64: an operator's addresses often are. */
export function areNear(left: string, right: string): boolean {
  const a = parseAddress(left);
  const b = parseAddress(right);
  if (a === null || b === null || a.family !== b.family) return false;
  const shift = a.family === 4 ? 8n : 64n;
  return BigInt(a.value) >> shift === BigInt(b.value) >> shift;
}
