/**
 * Findings and activities of all shards in, ordered findings and incidents out. Time is packet
 * time: the lowest watermark of the shards. An epoch is handled once every shard has judged it, its
 * findings in canonical order, so the output does not depend on how many workers there were or how
 * fast.
 *
 * One source is one incident today. Links between sources (decoys, shards of one scan, a later
 * source that revisits only what was exposed) join actors by giving them the same `OpenIncident`.
 */
import type {
  Activity,
  EntityName,
  Finding,
  Incident,
} from '../../packages/plugin-api/src/finding.js';
import { compareText } from '../shared/text.js';
import { OpenIncident, opensIncident } from './incident.js';
import { limits } from './limits.js';
import type { CorrelateOptions } from './options.js';
import type { MemberBudget } from './scope.js';

/** What a worker said about one shard: the part of the transport's outcome that matters here. */
export interface Judged {
  shard: number;
  watermarkUs: number;
  final: boolean;
  findings: Finding[];
  progress: Activity[];
}

export type OutputEvent =
  | { type: 'finding'; finding: Finding }
  | { type: 'incident'; incident: Incident };

/** Something to handle at a packet time. Order within a time: findings, then activities. */
type Item = Moment & ({ finding: Finding } | { activity: Activity });

interface Moment {
  timeUs: number;
  /**
   * Said after the shard's watermark had reached this time: at the end of input, and of sources in
   * the middle of an epoch. Handled after all that is not, once every shard has gone past the time,
   * as the others may or may not have been handled before.
   */
  late: boolean;
}

export class Correlator {
  readonly #canonical: boolean;
  readonly #idleUs: number;
  readonly #quietUs: number;
  readonly #allowlisted: (ip: string) => boolean;
  readonly #watermarks: number[];
  readonly #ended: boolean[];
  /** Not handled yet. Bounded by what the transport lets shards run apart. */
  #pending: Item[] = [];
  readonly #incidents = new Map<string, OpenIncident>();
  readonly #budget: MemberBudget = { left: limits.scopeMembersMax, refused: 0 };
  /** No incident is idle before this time: spares a look at all of them in every epoch. */
  #nextIdleUs = Number.POSITIVE_INFINITY;
  /** The latest packet time heard of: where the end of input is. */
  #latestUs = 0;
  readonly #counters = {
    findings: 0,
    activities: 0,
    incidents_opened: 0,
    incidents_updated: 0,
    incidents_closed: 0,
    incidents_refused: 0,
  };

  constructor(options: CorrelateOptions) {
    this.#canonical = (options.order ?? 'canonical') === 'canonical';
    this.#idleUs = (options.idleS ?? 600) * 1e6;
    this.#quietUs = (options.quietS ?? 10) * 1e6;
    this.#allowlisted = options.allowlisted ?? (() => false);
    this.#watermarks = new Array(options.shardCount).fill(Number.NEGATIVE_INFINITY);
    this.#ended = new Array(options.shardCount).fill(false);
  }

  /** Takes what a worker said. Nothing comes out before `advance` or `end`. */
  accept(outcome: Judged): void {
    const { shard, watermarkUs, findings, progress } = outcome;
    const before = this.#watermarks[shard];
    const momentOf = (timeUs: number): Moment =>
      timeUs > before ? { timeUs, late: false } : { timeUs: before, late: true };
    for (const finding of findings) this.#pending.push({ ...momentOf(finding.judgedUs), finding });
    for (const activity of progress) this.#pending.push({ ...momentOf(watermarkUs), activity });
    this.#watermarks[shard] = Math.max(before, watermarkUs);
    if (outcome.final) this.#ended[shard] = true;
    if (Number.isFinite(watermarkUs)) this.#latestUs = Math.max(this.#latestUs, watermarkUs);
    for (const finding of findings) this.#latestUs = Math.max(this.#latestUs, finding.judgedUs);
  }

  /** Handles every epoch that is complete; all there is when the order is by arrival. */
  advance(): OutputEvent[] {
    const horizonUs = this.#watermarkUs();
    const events: OutputEvent[] = [];
    const isReady = ({ timeUs, late }: Moment): boolean =>
      !this.#canonical || timeUs < horizonUs || (timeUs === horizonUs && !late);
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
    for (const incident of this.#ordered()) this.#close(incident, this.#latestUs, events);
    return events;
  }

  /** Cumulative; snake_case, for `stats`. `incidents_open` is a gauge. */
  stats(): Record<string, number> {
    return {
      ...this.#counters,
      incidents_open: this.#ordered().length,
      scope_members_refused: this.#budget.refused,
    };
  }

  #watermarkUs(): number {
    let lowest = Number.POSITIVE_INFINITY;
    for (const [shard, watermarkUs] of this.#watermarks.entries()) {
      if (!this.#ended[shard]) lowest = Math.min(lowest, watermarkUs);
    }
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
    for (const item of items) {
      const incident =
        'finding' in item
          ? this.#absorbFinding(item.finding, events)
          : this.#absorbActivity(item.activity);
      if (incident) touched.add(incident);
    }
    for (const incident of [...touched].sort(compareIncidents)) {
      if (!incident.wantsToSpeak(timeUs, this.#quietUs)) continue;
      const state = incident.isOpened ? 'updated' : 'opened';
      this.#counters[state === 'opened' ? 'incidents_opened' : 'incidents_updated']++;
      events.push({ type: 'incident', incident: incident.speak(state, timeUs) });
    }
  }

  #absorbFinding(finding: Finding, events: OutputEvent[]): OpenIncident | null {
    this.#counters.findings++;
    events.push({ type: 'finding', finding });
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
    const allowlisted = first.source !== null && this.#allowlisted(first.source.ip);
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
    for (const key of incident.keys) this.#incidents.delete(key);
    incident.release();
  }

  #ordered(): OpenIncident[] {
    const open = [...new Set(this.#incidents.values())];
    return open.sort(
      (left, right) => left.firstSeenUs - right.firstSeenUs || compareIncidents(left, right),
    );
  }
}

/** The same address in another tunnel is another host. */
function actorKey({ ip, tunnel }: EntityName): string {
  return `${ip} ${tunnel}`;
}

function compareIncidents(left: OpenIncident, right: OpenIncident): number {
  return compareText(left.id, right.id);
}

/** Canonical: time, findings before activities, then kind, source, target and id. */
function compareItems(left: Item, right: Item): number {
  const moments = compareMoments(left, right);
  if (moments !== 0) return moments;
  if ('finding' in left)
    return 'finding' in right ? compareFindings(left.finding, right.finding) : -1;
  return 'finding' in right
    ? 1
    : compareText(actorKey(left.activity.source), actorKey(right.activity.source));
}

function compareMoments(left: Moment, right: Moment): number {
  return left.timeUs - right.timeUs || Number(left.late) - Number(right.late);
}

function compareFindings(left: Finding, right: Finding): number {
  return (
    compareText(left.kind, right.kind) ||
    compareText(entityText(left.source), entityText(right.source)) ||
    compareText(entityText(left.target), entityText(right.target)) ||
    compareText(left.id, right.id)
  );
}

function entityText(entity: EntityName | null): string {
  return entity ? actorKey(entity) : '';
}
