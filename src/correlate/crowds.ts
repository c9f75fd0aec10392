/**
 * Floods from made-up sources over many hosts or ports: SYNs of one stack, each from a source of
 * its own, faster than anyone has sources. They look like shares of one scan and are none, since
 * nobody gets the answers. A flood of one host is a detector's to tell (`syn_flood`); here is told
 * what no detector sees, since no host gets much of it.
 */
import { ESCALATION, type Finding } from '../../packages/plugin-api/src/finding.js';
import type { Suspect, SuspectSource } from '../../packages/plugin-api/src/suspect.js';
import type { Traffic } from '../../packages/plugin-api/src/traffic.js';
import { compareText } from '../shared/text.js';
import { actorKey } from './actor-key.js';
import { type Arrivals, arrivalsOf, isFlood, stackKey } from './arrivals.js';
import { type Flood, FLOOD_MEMBERS_MAX, FLOOD_WINDOW_S, floodFinding } from './linked-findings.js';
import type { SourceTotals } from './source-totals.js';

/** Of a flood, what must have come to nothing a second later: ordinary connections take as long. */
const MISSING_MIN = 0.5;
/** Of what comes in, SYNs from which on it is a flood although no answer of ours can be seen. */
const SYN_SHARE_MIN = 0.5;
/** How long one-time sources of the stack count as made up after the flood. */
const REMEMBERED_US = 300_000_000;
/** A detector has this long to tell a flood of one host: 1,000 SYNs at 200 a second. */
const ONE_HOST_US = 6_000_000;
const CROWDS_MAX = 64;
const TOLD_MAX = 16_384;

/** A stack that floods, and its flood that goes on. */
interface Crowd extends Flood {
  /** When it was last seen to flood: the end of that epoch. */
  floodedUs: number;
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
    const untilUs = state === 'ended' ? judgedUs + FLOOD_WINDOW_S * 1e6 : Number.POSITIVE_INFINITY;
    this.#told.set(key, untilUs);
  }

  /** Takes in what came in an epoch, before its suspects; returns the lines to speak. */
  settle(traffics: readonly Traffic[]): Finding[] {
    const { epochStartUs, judgedUs } = traffics[0];
    // An epoch that comes late, from a sensor that was silent for long, tells nothing of the last.
    if (this.#last !== null && epochStartUs < this.#last.judgedUs) this.#last = null;
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
      if (crowd.spoken !== null) lines.push(floodFinding(crowd, 'ended', nowUs));
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
      if (silentUs <= FLOOD_WINDOW_S * 1e6) continue;
      if (crowd.spoken !== null) lines.push(floodFinding(crowd, 'ended', nowUs));
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

function add(crowd: Crowd, { once }: Arrivals, judgedUs: number): void {
  const isNew = crowd.count === 0;
  crowd.floodedUs = judgedUs;
  crowd.count += once.length;
  crowd.latest = once.length;
  for (const { contact } of once) {
    if (isNew) crowd.firstUs = Math.min(crowd.firstUs, contact.timeUs);
    crowd.lastUs = Math.max(crowd.lastUs, contact.timeUs);
    if (crowd.hosts.size < FLOOD_MEMBERS_MAX) crowd.hosts.add(contact.target);
    if (crowd.ports.size < FLOOD_MEMBERS_MAX) crowd.ports.add(contact.port);
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
  crowd.spoken = floodFinding(crowd, crowd.spoken === null ? 'started' : 'escalated', nowUs);
  return crowd.spoken;
}
