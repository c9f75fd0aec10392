/**
 * The judgement all scan kinds share: outcomes, not rates, tell a scanner from a crawler, a monitor
 * or a NAT gateway, whose connections complete and carry data.
 */
import {
  type Circumstances,
  guessTools,
  Outcome,
  percentOf,
  SourceCounter,
  type SourceSummary,
  type SourceWindow,
} from '../../plugin-api/src/index.js';

/** Share of decided contacts that must be served for a source to be taken for a client. */
export const SERVED_SHARE = 0.5;
/** Share of contacts that must be decided before their served share says anything. */
const DECIDED_SHARE = 0.2;
const DECIDED_MIN = 10;

export interface Tally {
  served: number;
  failed: number;
  pending: number;
}

export type Reading = 'scan' | 'served' | 'undecided';

/** Reads a tally: what the decided contacts say, or that it is too early to say. */
export function readOutcomes(tally: Tally, raw: boolean, { atEnd }: Circumstances): Reading {
  const { served, failed, pending } = tally;
  if (raw) return 'scan';
  const decided = served + failed;
  if (pending > 0 && !atEnd && decided < Math.max(DECIDED_MIN, DECIDED_SHARE * (decided + pending)))
    return 'undecided';
  return served >= SERVED_SHARE * decided ? 'served' : 'scan';
}

/**
 * Whether the source's probes come from a user-space stack: then completed connections excuse
 * nothing.
 */
export function isRaw(summary: SourceSummary, window: SourceWindow): boolean {
  return summary.rawShare >= 0.5 || window.counter(SourceCounter.stackSplit) >= 3;
}

/** Confidence in a scan finding, with its reasons in words. */
export function explain(
  summary: SourceSummary,
  window: SourceWindow,
  circumstances: Circumstances,
  base: number,
): { confidence: number; reasons: string[] } {
  let confidence = base;
  const reasons: string[] = [];
  const note = (by: number, reason: string) => {
    confidence += by;
    reasons.push(`${by < 0 ? '-' : '+'} ${reason}`);
  };
  if (isRaw(summary, window)) note(0.15, 'probes from a user-space stack');
  const tool = guessTools(window)[0];
  if (tool !== undefined) note(0.1, `carries the mark of ${tool.name}`);
  const decided = summary.served + summary.failed;
  if (!circumstances.answersVisible) note(-0.1, 'answers do not pass this sensor');
  else if (decided > 0) {
    const failing = summary.failed / decided;
    if (failing >= 0.8) note(0.1, `${percentOf(failing)} % of its contacts failed`);
    else if (failing < 0.5) note(-0.2, `${percentOf(1 - failing)} % of its contacts were served`);
  }
  if (
    summary.contacts.some((c) => (c.outcome & (Outcome.established | Outcome.sourceReset)) !== 0)
  ) {
    reasons.push('+ received our answers: the address is not spoofed');
  }
  return {
    confidence: Math.round(Math.min(0.99, Math.max(0.05, confidence)) * 100) / 100,
    reasons,
  };
}
