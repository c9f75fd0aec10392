/**
 * Findings and activities of all shards in, ordered findings and incidents out. Time is packet
 * time: the lowest watermark of the shards. An epoch is handled once every shard has judged it, its
 * findings in canonical order, so the output does not depend on how many workers there were or how
 * fast.
 *
 * A source is one incident, until it is tied to others: decoys of one scan, shares of one scan, or
 * a later source that revisits only what was exposed. Tied sources have the same `OpenIncident`.
 */
import type { Activity, Finding, Incident } from '../../packages/plugin-api/src/finding.js';
import type { Suspect } from '../../packages/plugin-api/src/suspect.js';
import type { Traffic } from '../../packages/plugin-api/src/traffic.js';
import { compareText } from '../shared/text.js';
import { actorKey } from './actor-key.js';
import { packCorrelator, unpackCorrelator } from './checkpoint.js';
import { OpenIncident, opensIncident } from './incident.js';
import { Informers } from './informers.js';
import { compareItems, compareMoments, type Item, itemsOf, type Judged } from './items.js';
import { limits } from './limits.js';
import { type Link, Linker } from './linker.js';
import { activityOfSuspect, ipOfKey } from './linked-findings.js';
import type { CorrelateOptions } from './options.js';
import type { MemberBudget } from './scope.js';

export type { Judged } from './items.js';

export type OutputEvent =
  | { type: 'finding'; finding: Finding }
  | { type: 'incident'; incident: Incident };

export class Correlator {
  readonly #canonical: boolean;
  readonly #idleUs: number;
  readonly #quietUs: number;
  readonly #allowlisted: (ip: string, atUs: number) => boolean;
  #watermarks: number[];
  #ended: boolean[];
  /** Not handled yet. Bounded by what the transport lets shards run apart. */
  #pending: Item[] = [];
  #incidents = new Map<string, OpenIncident>();
  #budget: MemberBudget = { left: limits.scopeMembersMax, refused: 0 };
  #linker: Linker;
  /** Actor keys of sources tied to others. */
  #tied = new Set<string>();
  #informers = new Informers();
  /** No incident is idle before this time: spares a look at all of them in every epoch. */
  #nextIdleUs = Number.POSITIVE_INFINITY;
  /** The latest packet time heard of: where the end of input is. */
  #latestUs = 0;
  #counters = {
    findings: 0,
    activities: 0,
    incidents_opened: 0,
    incidents_updated: 0,
    incidents_closed: 0,
    incidents_refused: 0,
  };

  /**
   * Goes on from `snapshot`, when there is one.
   * @throws RangeError when it cannot be read, or was made with another number of shards.
   */
  constructor(options: CorrelateOptions, snapshot: Uint8Array | null = null) {
    this.#canonical = (options.order ?? 'canonical') === 'canonical';
    this.#idleUs = (options.idleS ?? 600) * 1e6;
    this.#quietUs = (options.quietS ?? 10) * 1e6;
    this.#allowlisted = options.allowlisted ?? (() => false);
    this.#linker = new Linker();
    this.#watermarks = new Array(options.shardCount).fill(Number.NEGATIVE_INFINITY);
    this.#ended = new Array(options.shardCount).fill(false);
    if (snapshot !== null) this.#restore(unpackCorrelator(snapshot, this.pack()));
  }

  /** Everything `accept`, `advance` and `end` depend on. */
  snapshot(): Uint8Array {
    return packCorrelator(this.pack());
  }

  /** Every shard has ended and nothing has come since: time for `end`. */
  get hasEnded(): boolean {
    return this.#ended.every((ended) => ended);
  }

  /** Takes what a worker said. Nothing comes out before `advance` or `end`. */
  accept(outcome: Judged): void {
    const { shard, watermarkUs, findings } = outcome;
    const before = this.#watermarks[shard];
    for (const item of itemsOf(outcome, before)) this.#pending.push(item);
    this.#watermarks[shard] = Math.max(before, watermarkUs);
    this.#ended[shard] = outcome.final;
    if (Number.isFinite(watermarkUs)) this.#latestUs = Math.max(this.#latestUs, watermarkUs);
    for (const finding of findings) this.#latestUs = Math.max(this.#latestUs, finding.judgedUs);
  }

  /** Handles every epoch that is complete; all there is when the order is by arrival. */
  advance(): OutputEvent[] {
    const horizonUs = this.#watermarkUs();
    const events: OutputEvent[] = [];
    const isReady = (item: Item): boolean => {
      // Sources are tied to each other: an epoch's suspects of all shards are looked at together.
      if ('suspect' in item) return item.suspect.judgedUs <= horizonUs;
      if ('traffic' in item) return item.traffic.judgedUs <= horizonUs;
      if (!this.#canonical) return true;
      return item.timeUs < horizonUs || (item.timeUs === horizonUs && !item.late);
    };
    const ready = this.#pending.filter(isReady);
    if (ready.length > 0) this.#pending = this.#pending.filter((item) => !isReady(item));
    this.#handle(ready, events);
    this.#closeIdle(Math.min(horizonUs, this.#latestUs), true, events);
    return events;
  }

  /** The end of input: handles what is left and closes every incident with its complete counts. */
  end(): OutputEvent[] {
    const events: OutputEvent[] = [];
    this.#handle(this.#pending.splice(0), events);
    this.#closeIdle(this.#latestUs, true, events);
    this.#say(this.#linker.end(this.#latestUs), events);
    for (const incident of this.#ordered()) this.#close(incident, this.#latestUs, events);
    return events;
  }

  /** Cumulative; snake_case, for `stats`. `incidents_open` is a gauge. */
  stats(): Record<string, number> {
    return {
      ...this.#counters,
      incidents_open: this.#ordered().length,
      scope_members_refused: this.#budget.refused,
      links_refused: this.#linker.refused,
    };
  }

  /** The state, for a checkpoint. */
  pack() {
    return {
      watermarks: this.#watermarks,
      ended: this.#ended,
      pending: this.#pending,
      incidents: this.#incidents,
      budget: this.#budget,
      linker: this.#linker,
      tied: this.#tied,
      informers: this.#informers,
      nextIdleUs: this.#nextIdleUs,
      latestUs: this.#latestUs,
      counters: this.#counters,
    };
  }

  #restore(state: ReturnType<Correlator['pack']>): void {
    this.#watermarks = state.watermarks;
    this.#ended = state.ended;
    this.#pending = state.pending;
    this.#incidents = state.incidents;
    this.#budget = state.budget;
    this.#linker = state.linker;
    this.#tied = state.tied;
    this.#informers = state.informers;
    this.#nextIdleUs = state.nextIdleUs;
    this.#latestUs = state.latestUs;
    this.#counters = state.counters;
  }

  #watermarkUs(): number {
    let lowest = Number.POSITIVE_INFINITY;
    for (let shard = 0; shard < this.#watermarks.length; shard++)
      if (!this.#ended[shard]) lowest = Math.min(lowest, this.#watermarks[shard]);
    return lowest;
  }

  #handle(items: Item[], events: OutputEvent[]): void {
    items.sort(compareItems);
    for (let first = 0; first < items.length; ) {
      const { timeUs, late } = items[first];
      let last = first;
      while (last + 1 < items.length && compareMoments(items[last + 1], items[first]) === 0) last++;
      this.#closeIdle(timeUs, late, events);
      this.#handleEpoch(timeUs, items.slice(first, last + 1), events);
      first = last + 1;
    }
  }

  #handleEpoch(timeUs: number, items: Item[], events: OutputEvent[]): void {
    const touched = new Set<OpenIncident>();
    const suspects: Suspect[] = [];
    const traffics: Traffic[] = [];
    for (const item of items) {
      if ('suspect' in item) {
        suspects.push(item.suspect);
        continue;
      }
      if ('traffic' in item) {
        traffics.push(item.traffic);
        continue;
      }
      const incident =
        'finding' in item
          ? this.#absorbFinding(item.finding, events)
          : this.#absorbActivity(item.activity);
      if (incident) touched.add(this.#inform(incident, item, timeUs, events));
    }
    if (traffics.length > 0) this.#say(this.#linker.noteTraffic(traffics), events);
    if (suspects.length > 0) this.#tieSuspects(suspects, events, touched);
    const saidUs = suspects[0]?.judgedUs ?? timeUs;
    for (const incident of [...touched].sort(compareIncidents)) {
      if (!this.#isLive(incident) || !incident.wantsToSpeak(saidUs, this.#quietUs)) continue;
      const state = incident.isOpened ? 'updated' : 'opened';
      this.#counters[state === 'opened' ? 'incidents_opened' : 'incidents_updated']++;
      events.push({ type: 'incident', incident: incident.speak(state, saidUs) });
    }
  }

  /** Ties sources that the linker finds to be one operator's, and says what they are together. */
  #tieSuspects(suspects: Suspect[], events: OutputEvent[], touched: Set<OpenIncident>): void {
    for (const link of this.#linker.link(suspects)) {
      if (link.finding) this.#say([link.finding], events);
      const incident = this.#tie(link, events);
      if (incident) touched.add(incident);
    }
    for (const suspect of suspects) {
      const key = actorKey(suspect.source);
      if (this.#tied.has(key))
        this.#incidents.get(key)?.absorbActivity(activityOfSuspect(suspect), key);
    }
  }

  #tie(link: Link, events: OutputEvent[]): OpenIncident | null {
    const keys = [...link.roles.keys()];
    const known = [...new Set(keys.map((key) => this.#incidents.get(key)))]
      .filter((incident) => incident !== undefined)
      .sort((left, right) => left.firstSeenUs - right.firstSeenUs || compareIncidents(left, right));
    const incident = known[0] ?? (link.finding ? this.#open(link.firstKey, link.finding) : null);
    if (!incident) return null;
    for (const other of known.slice(1)) this.#mergeInto(incident, other, link.judgedUs, events);
    for (const [key, role] of link.roles) {
      incident.setActor(key, ipOfKey(key), role);
      this.#incidents.set(key, incident);
      this.#tied.add(key);
    }
    if (link.finding) incident.absorbFinding(link.finding, link.firstKey);
    incident.noteLink(link.reason);
    return incident;
  }

  /**
   * A source that goes only where an earlier scan found something open belongs to what it learned
   * from.
   */
  #inform(incident: OpenIncident, item: Item, timeUs: number, events: OutputEvent[]): OpenIncident {
    const activity =
      'finding' in item ? item.finding.activity : 'activity' in item ? item.activity : null;
    if (!activity || incident.isInformed) return incident;
    const informer = this.#informers.find(activity, incident, timeUs, () => this.#ordered());
    if (informer === null) return incident;
    incident.isInformed = true;
    const odds = `odds of chance ${informer.chance.toPrecision(2)}`;
    const other = informer.incident;
    if (other === null) {
      const told = `informed by incident ${informer.id}`;
      incident.noteLink(`${told}: went only where it had found services open (${odds})`);
      return incident;
    }
    const { ip } = activity.source;
    this.#mergeInto(other, incident, timeUs, events);
    other.noteLink(`${ip} went only where this scan had found services open (${odds})`);
    other.setActor(actorKey(activity.source), ip, 'operator');
    return other;
  }

  /** Two incidents turn out to be one: the later one's story ends in the earlier one's. */
  #mergeInto(
    incident: OpenIncident,
    other: OpenIncident,
    timeUs: number,
    events: OutputEvent[],
  ): void {
    if (incident === other) return;
    incident.merge(other);
    if (other.isOpened) {
      other.noteLink(`goes on as part of incident ${incident.id}`);
      events.push({ type: 'incident', incident: other.speak('closed', timeUs) });
      this.#counters.incidents_closed++;
    }
    for (const key of other.keys)
      if (this.#incidents.get(key) === other) this.#incidents.set(key, incident);
    other.release();
    this.#informers.forget(other);
  }

  #isLive(incident: OpenIncident): boolean {
    for (const key of incident.keys) if (this.#incidents.get(key) === incident) return true;
    return false;
  }

  #say(findings: readonly Finding[], events: OutputEvent[]): void {
    this.#counters.findings += findings.length;
    for (const finding of findings) events.push({ type: 'finding', finding });
  }

  #absorbFinding(finding: Finding, events: OutputEvent[]): OpenIncident | null {
    this.#say([finding], events);
    if (finding.kind === 'syn_flood') this.#linker.noteFlood(finding);
    if (!finding.source) return null;
    const key = actorKey(finding.source);
    const known = this.#incidents.get(key);
    if (finding.phase === 'noise') {
      if (finding.kind === 'fan_out') known?.noteCompletes();
      return null;
    }
    const incident = known ?? (opensIncident(finding) ? this.#open(key, finding) : null);
    incident?.absorbFinding(finding, key);
    return incident;
  }

  #absorbActivity(activity: Activity): OpenIncident | null {
    this.#counters.activities++;
    const key = actorKey(activity.source);
    const incident = this.#incidents.get(key);
    incident?.absorbActivity(activity, key);
    return incident ?? null;
  }

  #open(key: string, first: Finding): OpenIncident | null {
    if (this.#incidents.size >= limits.incidentsMax) {
      this.#counters.incidents_refused++;
      return null;
    }
    const { source, lastSeenUs } = first;
    const allowlisted = source !== null && this.#allowlisted(source.ip, lastSeenUs);
    const incident = new OpenIncident(key, first, allowlisted, this.#budget);
    this.#incidents.set(key, incident);
    this.#nextIdleUs = Math.min(this.#nextIdleUs, incident.idleDeadlineUs(this.#idleUs));
    return incident;
  }

  /** Closes what has been idle since before `timeUs` (or at it, when `inclusive`), oldest first. */
  #closeIdle(timeUs: number, inclusive: boolean, events: OutputEvent[]): void {
    const isOver = (deadlineUs: number): boolean =>
      deadlineUs < timeUs || (inclusive && deadlineUs === timeUs);
    if (!isOver(this.#nextIdleUs)) return;
    const idle: { incident: OpenIncident; deadlineUs: number }[] = [];
    this.#nextIdleUs = Number.POSITIVE_INFINITY;
    for (const incident of new Set(this.#incidents.values())) {
      const deadlineUs = incident.idleDeadlineUs(this.#idleUs);
      if (isOver(deadlineUs)) idle.push({ incident, deadlineUs });
      else this.#nextIdleUs = Math.min(this.#nextIdleUs, deadlineUs);
    }
    idle.sort(
      (left, right) =>
        left.deadlineUs - right.deadlineUs || compareIncidents(left.incident, right.incident),
    );
    for (const { incident, deadlineUs } of idle) this.#close(incident, deadlineUs, events);
  }

  #close(incident: OpenIncident, timeUs: number, events: OutputEvent[]): void {
    events.push({ type: 'incident', incident: incident.speak('closed', timeUs) });
    this.#counters.incidents_closed++;
    for (const key of incident.keys) {
      // A zombie of ours is an actor, but has, or may have, an incident of its own.
      if (this.#incidents.get(key) === incident) this.#incidents.delete(key);
      this.#tied.delete(key);
    }
    this.#informers.remember(incident, timeUs);
    incident.release();
  }

  #ordered(): OpenIncident[] {
    const open = [...new Set(this.#incidents.values())];
    return open.sort(
      (left, right) => left.firstSeenUs - right.firstSeenUs || compareIncidents(left, right),
    );
  }
}

function compareIncidents(left: OpenIncident, right: OpenIncident): number {
  return compareText(left.id, right.id);
}
