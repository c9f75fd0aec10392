/**
 * Which tool sent a source's probes: from the marks that stateless scanners leave in every packet, the
 * SYN's stack and the run key. Facts per tool and version with their evidence: docs/detectors.md.
 */
import { ProbeKind, SourceCounter } from './batch-layout.js';
import type { ToolGuess } from './finding.js';
import type { SourceWindow } from './window.js';

/** Probes a mark must be found in before it names the tool: two by chance are one in 2^32. */
const MARKED_MIN = 3;
/** Share of candidates that must carry the mark. */
const MARKED_SHARE = 0.8;

/** Guesses for one source, best first; empty when nothing tells. */
export function guessTools(window: SourceWindow): ToolGuess[] {
  const guesses: ToolGuess[] = [];
  const count = (counter: number) => window.total(counter);
  const candidates = count(SourceCounter.markCandidate);
  const add = (name: string, marked: number, sure: number) => {
    if (marked < MARKED_MIN || marked < MARKED_SHARE * candidates) return;
    guesses.push({ name, confidence: round(sure * Math.min(1, marked / Math.max(candidates, 1))) });
  };
  add('masscan', count(SourceCounter.markMasscan), 0.99);
  add('zmap', count(SourceCounter.markZmap), 0.99);
  add('mirai', count(SourceCounter.markMirai), 0.97);
  add('unicornscan', count(SourceCounter.markUnicornscan), 0.8);
  const nmap = nmapConfidence(window);
  if (nmap > 0) guesses.push({ name: 'nmap', confidence: nmap });
  return guesses.sort((a, b) => b.confidence - a.confidence);
}

/** Nmap's window and options, one sequence value a run, a kernel that resets what the raw socket asked. */
function nmapConfidence(window: SourceWindow): number {
  const marked = window.total(SourceCounter.markNmap);
  if (marked < MARKED_MIN) return 0;
  const tcp = TCP_COUNTERS.reduce<number>((sum, counter) => sum + window.total(counter), 0);
  let odds = marked >= MARKED_SHARE * tcp ? 0.8 : 0.6;
  if (window.total(SourceCounter.runKey) >= MARKED_SHARE * marked) odds = Math.max(odds, 0.95);
  if (window.total(SourceCounter.stackSplit) > 0) odds += 0.02;
  if (window.ttlMax - window.ttlMin >= 10) odds += 0.01;
  return round(Math.min(0.99, odds));
}

const TCP_COUNTERS = [
  SourceCounter.syn, SourceCounter.fin, SourceCounter.null, SourceCounter.xmas, SourceCounter.ack,
  SourceCounter.maimon, SourceCounter.oddFlags,
];

/** Kinds that no connection ever sends first. */
export const STEALTH_KINDS = ProbeKind.fin | ProbeKind.null | ProbeKind.xmas | ProbeKind.ack | ProbeKind.maimon |
  ProbeKind.oddFlags;

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
