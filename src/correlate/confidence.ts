/** How sure an incident is, and why: weighed reasons added up as log-odds. */
import {
  PHASE_OF_KIND,
  type Activity,
  type Finding,
  type Kind,
  type Phase,
  type Severity,
  type ToolGuess,
} from '../../packages/plugin-api/src/finding.js';
import { percentOf } from '../../packages/plugin-api/src/percent.js';
import { formatDuration } from '../shared/time.js';
import { formatCount } from '../shared/text.js';
import type { ScopeCounts } from './scope.js';

export interface ConfidenceInput {
  /** The finding its detector was most sure of. */
  best: Finding;
  /** The window with the most pairs; null when no finding told one. */
  widest: Activity | null;
  counts: ScopeCounts;
  exposedCount: number;
  kinds: ReadonlySet<Kind>;
  phases: ReadonlySet<Phase>;
  tools: readonly ToolGuess[];
  pathProven: boolean;
  allowlisted: boolean;
  /** The same source was also reported for connections that complete: a crawler, a monitor, NAT. */
  completes: boolean;
}

export interface Confidence {
  /** 0.01 to 0.99. */
  confidence: number;
  /** Each begins with `+` (raised it) or `-` (lowered it). */
  reasons: string[];
}

/** Log-odds, and the words for them; 1 is a factor e in the odds. */
type Reason = [weight: number, text: string];

/** Tools told by a mark of their own, not by behaviour. */
const MARKED_TOOLS = new Set(['masscan', 'zmap', 'mirai', 'unicornscan', 'nmap']);
/** What the count of a kind counts. */
const COUNTED: Partial<Record<Kind, string>> = {
  address_scan: 'hosts',
  port_scan: 'ports',
  random_scan: 'host and port pairs',
};

const MARK_CONFIDENCE_MIN = 0.8;

export function explainConfidence(input: ConfidenceInput): Confidence {
  const reasons = [
    threshold(input.best),
    speed(input),
    stack(input.widest),
    mark(input.tools),
    failing(input),
    served(input.widest),
    path(input),
    phases(input),
    completes(input),
    allowlisted(input),
  ].filter((reason) => reason !== null);
  const odds = reasons.reduce((sum, [weight]) => sum + weight, 0);
  const probability = 1 / (1 + Math.exp(-odds));
  return {
    confidence: Math.min(0.99, Math.max(0.01, Math.round(probability * 100) / 100)),
    reasons: reasons.map(([weight, text]) => `${weight > 0 ? '+' : '-'} ${text}`),
  };
}

/**
 * 1 when a host was studied after a sweep or under cover, 2 when studied or exposed, 3 a sweep
 * alone.
 */
export function severityOf(phases: ReadonlySet<Phase>, exposedCount: number): Severity {
  if (phases.has('side_channel') || phases.has('deception')) return 1;
  if (phases.has('depth') && (phases.has('breadth') || phases.has('evasion'))) return 1;
  return phases.has('depth') || phases.has('evasion') || exposedCount > 0 ? 2 : 3;
}

/** The detector's own judgement is where the odds begin. */
function threshold({ kind, count, threshold, windowS, exact, confidence }: Finding): Reason {
  const clipped = Math.min(0.95, Math.max(0.1, confidence));
  const about = exact ? '' : 'about ';
  return [
    Math.log(clipped / (1 - clipped)),
    `${kind}: ${about}${formatCount(count)} in ${windowS} s, threshold ${formatCount(threshold)}`,
  ];
}

function speed({ best }: ConfidenceInput): Reason | null {
  const durationUs = best.lastSeenUs - best.firstSeenUs;
  const rate = best.count / Math.max(1, durationUs / 1e6);
  if (rate < 10 || best.count < 100) return null;
  const noun = COUNTED[best.kind] ?? 'probes';
  return [0.5, `${formatCount(rate)} new ${noun} a second, for ${formatDuration(durationUs)}`];
}

/**
 * The options of a p0f signature: no operating system sends a SYN with an MSS alone, or nothing.
 */
function stack(activity: Activity | null): Reason | null {
  const raw = activity?.fingerprints.find(({ p0f }) =>
    ['', 'mss'].includes(p0f.split(':')[5] ?? '?'),
  );
  return raw ? [1, `SYN of no operating system (${raw.p0f}): made by a scanner`] : null;
}

function mark(tools: readonly ToolGuess[]): Reason | null {
  const marked = tools.find(
    ({ name, confidence }) => MARKED_TOOLS.has(name) && confidence >= MARK_CONFIDENCE_MIN,
  );
  return marked ? [1.5, `packets carry the mark of ${marked.name}`] : null;
}

function failing({ widest, exposedCount }: ConfidenceInput): Reason | null {
  if (!widest) return null;
  // Of a window whose pairs are not all listed, the open ones are known better than the others.
  const open = widest.exact ? Math.max(exposedCount, widest.openCount) : widest.openCount;
  const failed = widest.closedCount + widest.unreachableCount + widest.silentCount;
  const known = failed + Math.max(open, widest.servedCount);
  if (known === 0 || failed / known < 0.5) return null;
  const share = percentOf(failed / known);
  return [share >= 80 ? 1 : 0.5, `${share} % of what it tried was closed, unreachable or silent`];
}

function served(widest: Activity | null): Reason | null {
  if (!widest || widest.pairCount === 0) return null;
  const share = widest.servedCount / widest.pairCount;
  if (share < 0.2) return null;
  return [
    share >= 0.5 ? -2 : -1,
    `${Math.round(100 * share)} % of its connections completed and carried data`,
  ];
}

function path({ pathProven, widest }: ConfidenceInput): Reason | null {
  if (pathProven) return [0.3, 'it received our answers: the address is not spoofed'];
  return widest
    ? [-0.3, 'nothing proves that it received our answers: the address may be spoofed']
    : null;
}

function phases({ phases: seen, kinds }: ConfidenceInput): Reason | null {
  const hostile = [...seen].filter((phase) => phase !== 'noise');
  if (hostile.length > 1) return [1, `several phases: ${hostile.join(', ')}`];
  const scans = [...kinds].filter((kind) => PHASE_OF_KIND[kind] !== 'noise');
  return scans.length > 1 ? [0.5, `several kinds: ${scans.join(', ')}`] : null;
}

function completes(input: ConfidenceInput): Reason | null {
  return input.completes
    ? [-1, "also reported as fan_out: connections that complete, as a crawler's do"]
    : null;
}

function allowlisted(input: ConfidenceInput): Reason | null {
  return input.allowlisted ? [-2, 'the source is on the allowlist'] : null;
}
