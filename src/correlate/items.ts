/** What the correlator handles, and the canonical order in which it does. */
import type { Activity, EntityName, Finding } from '../../packages/plugin-api/src/finding.js';
import type { Suspect } from '../../packages/plugin-api/src/suspect.js';
import type { Traffic } from '../../packages/plugin-api/src/traffic.js';
import { compareText } from '../shared/text.js';
import { actorKey } from './actor-key.js';

/** What a worker said about one shard: the part of the transport's outcome that matters here. */
export interface Judged {
  shard: number;
  watermarkUs: number;
  final: boolean;
  findings: Finding[];
  progress: Activity[];
  suspects: Suspect[];
  traffic: Traffic | null;
}

/** Something to handle at a packet time. Order within a time: findings, then activities. */
export type Item = Moment &
  ({ finding: Finding } | { activity: Activity } | { suspect: Suspect } | { traffic: Traffic });

export interface Moment {
  timeUs: number;
  /**
   * Said after the shard's watermark had reached this time: at the end of input, and of sources in
   * the middle of an epoch. Handled after all that is not, once every shard has gone past the time,
   * as the others may or may not have been handled before.
   */
  late: boolean;
}

/**
 * Half a microsecond after its epoch's start: before all that the epoch holds, after all before it.
 */
const EPOCH_OFFSET_US = 0.5;

/** What there is to handle of an outcome, whose shard's watermark was `beforeUs`. */
export function itemsOf(outcome: Judged, beforeUs: number): Item[] {
  const { watermarkUs, findings, progress, suspects, traffic } = outcome;
  const momentOf = (timeUs: number): Moment =>
    timeUs > beforeUs ? { timeUs, late: false } : { timeUs: beforeUs, late: true };
  const inEpoch = ({ epochStartUs }: { epochStartUs: number }): Moment => ({
    timeUs: epochStartUs + EPOCH_OFFSET_US,
    late: false,
  });
  return [
    ...findings.map((finding): Item => ({ ...momentOf(finding.judgedUs), finding })),
    ...progress.map((activity): Item => ({ ...momentOf(watermarkUs), activity })),
    ...suspects.map((suspect): Item => ({ ...inEpoch(suspect), suspect })),
    ...(traffic === null ? [] : [{ ...inEpoch(traffic), traffic }]),
  ];
}

/** Canonical: time, findings before activities, then kind, source, target and id. */
export function compareItems(left: Item, right: Item): number {
  const moments = compareMoments(left, right);
  if (moments !== 0) return moments;
  if ('finding' in left)
    return 'finding' in right ? compareFindings(left.finding, right.finding) : -1;
  if ('finding' in right) return 1;
  // They are added up.
  if ('traffic' in left || 'traffic' in right)
    return Number('traffic' in right) - Number('traffic' in left);
  return compareText(actorKey(sourceOf(left)), actorKey(sourceOf(right)));
}

function sourceOf(item: { activity: Activity } | { suspect: Suspect }): EntityName {
  return 'activity' in item ? item.activity.source : item.suspect.source;
}

export function compareMoments(left: Moment, right: Moment): number {
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
