/**
 * Floods from made-up sources over many hosts or ports: SYNs of one stack, each from a source of
 * its own, faster than anyone has sources. They look like shares of one scan and are none, since
 * nobody gets the answers. A flood of one host is a detector's to tell (`syn_flood`); here is told
 * what no detector sees, since no host gets much of it.
 */
import { createHash } from 'node:crypto';
import { latin1 } from '../../packages/plugin-api/src/contact.js';
import { type Finding, PHASE_OF_KIND } from '../../packages/plugin-api/src/finding.js';
import { isScattered, SCATTER_SAMPLE } from '../../packages/plugin-api/src/scatter.js';
import type {
  Suspect,
  SuspectContact,
  SuspectSource,
} from '../../packages/plugin-api/src/suspect.js';
import type { Traffic } from '../../packages/plugin-api/src/traffic.js';
import { addressBytes } from '../shared/address.js';
import { compareText } from '../shared/text.js';
import { actorKey } from './actor-key.js';
import type { SourceTotals } from './source-totals.js';

/** Sources of one stack and epoch that come once, from which on they may be a flood. */
export const CROWD_MIN = 100;
/** And how many a second of them it takes (a little below the rate of the detector). */
export const CROWD_RATE_MIN = 150;
/** So short that a rate over it says nothing. */
const SPAN_S_MIN = 0.1;
/** Of a stack's sources, those that came again or connected: fewer, and the rest is made up. */
const RETURNING_MIN = 0.1;
/** Sources that took an answer: fewer may be passers-by with the same stack. */
const ANSWERED_MIN = 3;
/** Of the open ports' answers, those that were taken: who owns a made-up address resets some. */
const ANSWERED_SHARE_MIN = 0.5;
/** Of a flood, what must have come to nothing a second later: ordinary connections take as long. */
const MISSING_MIN = 0.5;
/** Of what comes in, SYNs from which on it is a flood although no answer of ours can be seen. */
const SYN_SHARE_MIN = 0.5;
/** How long one-time sources of the stack count as made up after the flood. */
const REMEMBERED_US = 300_000_000;
/** A flood that pauses for longer has ended. */
const WINDOW_S = 60;
/** A detector has this long to tell a flood of one host: 1,000 SYNs at 200 a second. */
const ONE_HOST_US = 6_000_000;
/** Growth from one spoken line to the next. */
const ESCALATION = 10;
const CROWDS_MAX = 64;
/** Hosts, and ports, that are told apart. */
const MEMBERS_MAX = 4096;
const TOLD_MAX = 16_384;

/** What came once in one epoch, of one stack. */
interface Arrivals {
  tunnel: number;
  fingerprint: string;
  sources: number;
  /** Sources that came again, or connected. */
  returning: number;
  /** Contacts that were answered as open; sources that took an answer. */
  opens: number;
  answered: number;
  once: { ip: string; contact: SuspectContact }[];
}

/** A stack that floods. */
interface Crowd {
  tunnel: number;
  fingerprint: string;
  /** When it was last seen to flood: the end of that epoch. */
  floodedUs: number;
  /** Of the flood that goes on: what came once in its epochs. */
  firstUs: number;
  lastUs: number;
  count: number;
  hosts: Set<string>;
  ports: Set<number>;
  /** What came once in the epoch that it was last seen to flood. */
  latest: number;
  /** Of `count`, what the epoch after is known of; and of that, what came to nothing by then. */
  settled: number;
  missing: number;
  /** The last line. Null: none so far, or it has ended. */
  spoken: Finding | null;
}

/** What came in an epoch, of all shards and sensors. */
interface EpochTraffic {
  judgedUs: number;
  syns: number;
  /** What comes to nothing would be seen to. */
  isTelling: boolean;
}

export class Crowds {
  /** By stack. */
  #crowds = new Map<string, Crowd>();
  /** Of the epoch that is known last, before anything is known of the one after. */
  #last: EpochTraffic | null = null;
  /** Actor keys of hosts whose flood a detector tells, and until when that holds, packet time. */
  #told = new Map<string, number>();
  /** Floods that found no room, cumulative. */
  refused = 0;

  /** The state, for a checkpoint. */
  pack() {
    return { crowds: this.#crowds, last: this.#last, told: this.#told, refused: this.refused };
  }

  static unpack(packed: ReturnType<Crowds['pack']>): Crowds {
    const made = new Crowds();
    made.#crowds = packed.crowds;
    made.#last = packed.last;
    made.#told = packed.told;
    made.refused = packed.refused;
    return made;
  }

  /** A detector tells the flood of one host, or that it has ended. */
  note({ target, state, judgedUs }: Finding): void {
    if (target === null) return;
    const key = actorKey(target);
    this.#told.delete(key);
    if (this.#told.size >= TOLD_MAX) this.#told.delete(this.#told.keys().next().value as string);
    const untilUs = state === 'ended' ? judgedUs + WINDOW_S * 1e6 : Number.POSITIVE_INFINITY;
    this.#told.set(key, untilUs);
  }

  /** Takes in what came in an epoch, before its suspects; returns the lines to speak. */
  settle(traffics: readonly Traffic[]): Finding[] {
    const { epochStartUs, judgedUs } = traffics[0];
    const lines = this.#finish(judgedUs);
    const sumOf = (of: (one: Traffic) => number): number =>
      traffics.reduce((sum, one) => sum + of(one), 0);
    this.#settleLast(this.#last?.judgedUs === epochStartUs ? sumOf((one) => one.connected) : 0);
    const syns = sumOf((one) => one.syns);
    const isMostly = syns >= SYN_SHARE_MIN * sumOf((one) => one.inbound);
    const isTelling = isMostly || traffics.some((one) => one.answersVisible);
    this.#last = { judgedUs, syns, isTelling };
    for (const [, crowd] of this.#ordered()) {
      const line = this.#lineOf(crowd, judgedUs);
      if (line !== null) lines.push(line);
    }
    return lines;
  }

  /** Takes in the suspects of that epoch, which are counted in `totals`. */
  look(suspects: readonly Suspect[], totals: SourceTotals): void {
    for (const [key, arrivals] of arrivalsOf(suspects, totals)) {
      const crowd = isFlood(arrivals) ? this.#crowdOf(key, arrivals) : null;
      if (crowd !== null) add(crowd, arrivals, suspects[0].judgedUs);
    }
  }

  /** Whether a source that made `total` contacts in all is one of a flood's. */
  isMadeUp({ source, fingerprint, proof }: SuspectSource, total: number): boolean {
    return total <= 1 && proof < 2 && this.#crowds.has(stackKey(source.tunnel, fingerprint));
  }

  /** The end of input, at packet time `nowUs`: the lines that are left. */
  end(nowUs: number): Finding[] {
    this.#settleLast(0);
    const lines: Finding[] = [];
    for (const [, crowd] of this.#ordered()) {
      if (crowd.spoken === null && this.#isUntold(crowd, 1, nowUs)) lines.push(speak(crowd, nowUs));
      if (crowd.spoken !== null) lines.push(findingOf(crowd, 'ended', nowUs));
    }
    this.#crowds.clear();
    return lines;
  }

  /** What came of the last epoch's SYNs is known: `connected` did in the one after. */
  #settleLast(connected: number): void {
    const last = this.#last;
    if (last === null) return;
    const missing = Math.max(0, last.syns - connected);
    for (const crowd of this.#crowds.values()) {
      if (crowd.floodedUs !== last.judgedUs) continue;
      crowd.settled += crowd.latest;
      if (last.isTelling) crowd.missing += Math.min(missing, crowd.latest);
    }
    this.#last = null;
  }

  /** What a crowd gives to say. */
  #lineOf(crowd: Crowd, nowUs: number): Finding | null {
    if (crowd.spoken !== null)
      return crowd.count < crowd.spoken.count * ESCALATION ? null : speak(crowd, nowUs);
    const hosts = nowUs - crowd.firstUs < ONE_HOST_US ? 2 : 1;
    return this.#isUntold(crowd, hosts, nowUs) ? speak(crowd, nowUs) : null;
  }

  /** Ends the floods that pause, and forgets those that did long ago. */
  #finish(nowUs: number): Finding[] {
    const lines: Finding[] = [];
    for (const [key, crowd] of this.#ordered()) {
      const silentUs = nowUs - crowd.floodedUs;
      if (silentUs <= WINDOW_S * 1e6) continue;
      if (crowd.spoken !== null) lines.push(findingOf(crowd, 'ended', nowUs));
      if (silentUs > REMEMBERED_US) this.#crowds.delete(key);
      else restart(crowd);
    }
    return lines;
  }

  /** Whether it is one, and no detector tells it of at least `count` hosts. */
  #isUntold(crowd: Crowd, count: number, nowUs: number): boolean {
    const { hosts, tunnel, settled, missing } = crowd;
    if (settled === 0 || missing < MISSING_MIN * settled) return false;
    let untold = 0;
    for (const ip of hosts) {
      const toldUntilUs = this.#told.get(actorKey({ ip, tunnel })) ?? 0;
      if (toldUntilUs < nowUs && ++untold >= count) return true;
    }
    return false;
  }

  #crowdOf(key: string, { tunnel, fingerprint }: Arrivals): Crowd | null {
    const known = this.#crowds.get(key);
    if (known !== undefined) return known;
    if (this.#crowds.size >= CROWDS_MAX) {
      this.refused++;
      return null;
    }
    const crowd: Crowd = {
      tunnel,
      fingerprint,
      floodedUs: 0,
      firstUs: Number.POSITIVE_INFINITY,
      lastUs: 0,
      count: 0,
      hosts: new Set(),
      ports: new Set(),
      latest: 0,
      settled: 0,
      missing: 0,
      spoken: null,
    };
    this.#crowds.set(key, crowd);
    return crowd;
  }

  #ordered(): [string, Crowd][] {
    return [...this.#crowds].sort(([left], [right]) => compareText(left, right));
  }
}

function stackKey(tunnel: number, fingerprint: string): string {
  return `${tunnel} ${fingerprint}`;
}

/** One epoch's TCP suspects by stack, in the order of the stacks. */
function arrivalsOf(suspects: readonly Suspect[], totals: SourceTotals): [string, Arrivals][] {
  const byStack = new Map<string, Arrivals>();
  for (const { source, fingerprint, proof, contacts } of suspects) {
    if (fingerprint === '') continue;
    const { ip, tunnel } = source;
    const key = stackKey(tunnel, fingerprint);
    let arrivals = byStack.get(key);
    if (arrivals === undefined) {
      arrivals = { tunnel, fingerprint, sources: 0, returning: 0, opens: 0, answered: 0, once: [] };
      byStack.set(key, arrivals);
    }
    arrivals.sources++;
    for (const { open } of contacts) if (open) arrivals.opens++;
    if (proof > 0) arrivals.answered++;
    if (contacts.length > 1 || totals.of(actorKey(source)) > 1 || proof === 2) arrivals.returning++;
    else arrivals.once.push({ ip, contact: contacts[0] });
  }
  return [...byStack].sort(([left], [right]) => compareText(left, right));
}

/** Whether what came once has made-up sources. */
function isFlood({ sources, returning, opens, answered, once }: Arrivals): boolean {
  if (once.length < CROWD_MIN) return false;
  let firstUs = Number.POSITIVE_INFINITY;
  let lastUs = 0;
  for (const { contact } of once) {
    firstUs = Math.min(firstUs, contact.timeUs);
    lastUs = Math.max(lastUs, contact.timeUs);
  }
  const spanS = Math.max(SPAN_S_MIN, (lastUs - firstUs) / 1e6);
  if (once.length <= CROWD_RATE_MIN * spanS) return false;
  if (returning >= RETURNING_MIN * sources) return false;
  if (answered >= Math.max(ANSWERED_MIN, ANSWERED_SHARE_MIN * opens)) return false;
  const step = Math.ceil(once.length / SCATTER_SAMPLE);
  return isScattered(once.filter((_, at) => at % step === 0).map(({ ip }) => latin1Of(ip)));
}

function latin1Of(ip: string): string {
  const bytes = addressBytes(ip);
  return latin1(bytes, 0, bytes.length);
}

function add(crowd: Crowd, { once }: Arrivals, judgedUs: number): void {
  crowd.floodedUs = judgedUs;
  crowd.count += once.length;
  crowd.latest = once.length;
  for (const { contact } of once) {
    crowd.firstUs = Math.min(crowd.firstUs, contact.timeUs);
    crowd.lastUs = Math.max(crowd.lastUs, contact.timeUs);
    if (crowd.hosts.size < MEMBERS_MAX) crowd.hosts.add(contact.target);
    if (crowd.ports.size < MEMBERS_MAX) crowd.ports.add(contact.port);
  }
}

/** The next flood of the stack is another one. */
function restart(crowd: Crowd): void {
  crowd.firstUs = Number.POSITIVE_INFINITY;
  crowd.lastUs = 0;
  crowd.count = 0;
  crowd.hosts.clear();
  crowd.ports.clear();
  crowd.latest = 0;
  crowd.settled = 0;
  crowd.missing = 0;
  crowd.spoken = null;
}

/** The line that it begins, or has grown tenfold. */
function speak(crowd: Crowd, nowUs: number): Finding {
  crowd.spoken = findingOf(crowd, crowd.spoken === null ? 'started' : 'escalated', nowUs);
  return crowd.spoken;
}

function findingOf(crowd: Crowd, state: Finding['state'], nowUs: number): Finding {
  const { tunnel, fingerprint, firstUs, lastUs, count, hosts, ports } = crowd;
  const since = crowd.spoken?.firstSeenUs ?? firstUs;
  const [host] = hosts;
  const [port] = ports;
  return {
    id: createHash('sha256')
      .update(['syn_flood', tunnel, fingerprint, since].join(' '))
      .digest('hex')
      .slice(0, 16),
    state,
    kind: 'syn_flood',
    phase: PHASE_OF_KIND.syn_flood,
    source: null,
    target: hosts.size === 1 ? { ip: host, tunnel } : null,
    proto: 'tcp',
    probe: 'syn',
    windowS: WINDOW_S,
    count,
    threshold: CROWD_MIN,
    // What a sensor folds, and what finds no room on the way, is not in it.
    exact: false,
    confidence: 0.8,
    reasons: [
      `+ ${count} SYNs of one stack, each from a source of its own`,
      '+ hardly two sources of one network, and none takes an answer',
    ],
    severity: 2,
    mitre: ['T1498.001', 'T1499.001'],
    firstSeenUs: since,
    lastSeenUs: lastUs,
    judgedUs: nowUs,
    evidence: {
      hosts: hosts.size,
      ...(ports.size === 1 ? { port } : { ports: ports.size }),
      sources: count,
      fingerprint,
    },
    activity: null,
  };
}
