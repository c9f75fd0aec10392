/**
 * Findings over time: a verdict that holds opens one, is silent while it goes on, speaks again at
 * every tenfold growth, and closes when it no longer holds. Ids are hashes of what the finding is
 * about, so a replay gives the same ones.
 */
import { createHash } from 'node:crypto';
import {
  type Activity,
  type Detector,
  type EntityName,
  ESCALATION,
  type Finding,
  PHASE_OF_KIND,
  type Verdict,
} from '../../packages/plugin-api/src/index.js';
import { protocolName } from '../shared/protocol.js';
import { latin1Text } from './activity.js';

/**
 * Findings of one detector open at once for one entity: a block scan is a port scan of every host
 * in it.
 */
const OPEN_PER_ENTITY_MAX = 64;

/** About what an open finding takes in memory. */
const FINDING_BYTES = 2048;

interface Open {
  /** As it stands; what its entity did is told, not kept. */
  finding: Finding;
  spokenCount: number;
}

/**
 * The last line of a finding. What it is about is told as when it began: when that was one target,
 * and still is, that one.
 */
function ended({ finding }: Open, nowUs: number, activity: Activity | null): Finding {
  const only = activity?.targetCount === 1 && activity.exact ? activity.targets[0] : undefined;
  const target =
    finding.target ??
    (only === undefined || finding.source === null
      ? null
      : { ip: only, tunnel: finding.source.tunnel });
  return { ...finding, target, state: 'ended', judgedUs: nowUs, activity: null };
}

/** The open findings of one entity. */
export class FindingLog {
  /** Made for the first finding: most entities never have one. */
  private opened: Map<string, Open> | null = null;
  /** Verdicts not opened since the entity had too many, cumulative. */
  suppressed = 0;

  /** Whether anything is open. */
  get active(): boolean {
    return this.opened !== null && this.opened.size > 0;
  }

  /** About what it takes in memory. */
  get bytes(): number {
    return (this.opened?.size ?? 0) * FINDING_BYTES;
  }

  /** When the earliest of the open findings was first seen, noise apart; null for none. */
  get sinceUs(): number | null {
    let sinceUs: number | null = null;
    for (const { finding } of this.opened?.values() ?? [])
      if (finding.phase !== 'noise') sinceUs = Math.min(sinceUs ?? Infinity, finding.firstSeenUs);
    return sinceUs;
  }

  /** Kinds of the open findings. */
  kinds(): Set<Finding['kind']> {
    return new Set([...(this.opened?.values() ?? [])].map(({ finding }) => finding.kind));
  }

  /**
   * Takes in what a detector says holds now and returns the lines to speak. What does not hold has
   * ended, unless `mayHold`: then not all is known that it may rest on.
   */
  update(
    detector: Detector,
    windowS: number,
    entity: EntityName,
    verdicts: readonly Verdict[],
    nowUs: number,
    activity: () => Activity | null,
    mayHold = false,
  ): Finding[] {
    if (this.opened === null && verdicts.length === 0) return [];
    this.opened ??= new Map();
    const all = this.opened;
    const spoken: Finding[] = [];
    const holding = new Set<string>();
    for (const verdict of verdicts) {
      const key = `${detector.id} ${verdict.kind} ${verdict.target ?? ''}`;
      holding.add(key);
      const open = all.get(key);
      if (open === undefined) {
        const ofDetector = [...all.keys()].filter((k) => k.startsWith(`${detector.id} `)).length;
        if (ofDetector >= OPEN_PER_ENTITY_MAX) {
          this.suppressed++;
          continue;
        }
        const finding = findingOf(detector, windowS, entity, verdict, nowUs, activity());
        all.set(key, { finding: { ...finding, activity: null }, spokenCount: finding.count });
        spoken.push(finding);
        continue;
      }
      const next = refreshed(open.finding, verdict, nowUs);
      open.finding = next;
      if (next.count >= open.spokenCount * ESCALATION) {
        open.spokenCount = next.count;
        open.finding = { ...next, state: 'escalated' };
        spoken.push({ ...open.finding, activity: activity() });
      }
    }
    if (mayHold) return spoken;
    for (const [key, open] of all) {
      if (!key.startsWith(`${detector.id} `) || holding.has(key)) continue;
      all.delete(key);
      spoken.push(ended(open, nowUs, activity()));
    }
    return spoken;
  }

  /** Ends everything: no more input. `activity` is what its entity did lately. */
  end(nowUs: number, activity: () => Activity | null): Finding[] {
    if (!this.active) return [];
    const lately = activity();
    const last = [...(this.opened?.values() ?? [])].map((open) => ended(open, nowUs, lately));
    this.opened = null;
    return last;
  }
}

function findingOf(
  detector: Detector,
  windowS: number,
  entity: EntityName,
  verdict: Verdict,
  nowUs: number,
  activity: Activity | null,
): Finding {
  const aboutTarget = detector.entity === 'target';
  const target = verdict.target === null ? null : latin1Text(verdict.target);
  const source = verdict.source === null ? null : latin1Text(verdict.source);
  const identity = [
    detector.id,
    verdict.kind,
    entity.tunnel,
    entity.ip,
    target ?? '',
    verdict.firstSeenUs,
  ];
  return {
    id: createHash('sha256').update(identity.join(' ')).digest('hex').slice(0, 16),
    state: 'started',
    kind: verdict.kind,
    phase: PHASE_OF_KIND[verdict.kind],
    source: aboutTarget ? (source === null ? null : { ip: source, tunnel: entity.tunnel }) : entity,
    target: aboutTarget ? entity : target === null ? null : { ip: target, tunnel: entity.tunnel },
    proto: protocolName(verdict.protocol),
    probe: verdict.probe,
    windowS,
    mitre: [...detector.mitre],
    firstSeenUs: verdict.firstSeenUs,
    activity,
    ...measured(verdict, nowUs),
  };
}

/**
 * The finding as it stands now: what began when stays, what is measured is what the verdict says. A
 * count that was higher stays, and whether it was an exact one with it.
 */
function refreshed(finding: Finding, verdict: Verdict, nowUs: number): Finding {
  const now = measured(verdict, nowUs);
  if (finding.count < now.count) return { ...finding, ...now };
  const exact = finding.exact || (finding.count === now.count && now.exact);
  return { ...finding, ...now, count: finding.count, exact };
}

function measured(verdict: Verdict, nowUs: number) {
  const { count, threshold, exact, confidence, reasons, severity, lastSeenUs, evidence } = verdict;
  return {
    count,
    threshold,
    exact,
    confidence,
    reasons,
    severity,
    lastSeenUs,
    evidence,
    judgedUs: nowUs,
  };
}
