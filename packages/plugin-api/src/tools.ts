/**
 * Which tool sent a source's probes: from the marks that stateless scanners leave in every packet,
 * the SYN's stack and the run key. Facts per tool and version with their evidence:
 * docs/detectors.md.
 */
import { Outcome, ProbeKind, SourceCounter } from './batch-layout.js';
import type { Contact } from './contact.js';
import type { ToolGuess } from './finding.js';
import type { SourceWindow } from './window.js';

/** Probes a mark must be found in before it names the tool: two by chance are one in 2^32. */
const MARKED_MIN = 3;
/** Share of candidates that must carry the mark: some probes of a tool cannot show it. */
const MARKED_SHARE = 0.3;
/** Share of TCP probes that must look like Nmap's for a high confidence. */
const NMAP_SHARE = 0.8;

/**
 * The script ssl-enum-ciphers asks for 64 cipher suites at a time; one such hello may be a
 * client's.
 */
const CIPHER_PORTIONS = 322;
const PORTIONS_MIN = 4;

/** The last guesses of a window: several detectors, and what is said of them, ask for the same. */
const guessed = new WeakMap<SourceWindow, { revision: number; guesses: readonly ToolGuess[] }>();

/** Guesses for one source, best first; empty when nothing tells. */
export function guessTools(window: SourceWindow): readonly ToolGuess[] {
  const { revision } = window;
  const last = guessed.get(window);
  if (last?.revision === revision) return last.guesses;
  const guesses = guess(window);
  guessed.set(window, { revision, guesses });
  return guesses;
}

function guess(window: SourceWindow): ToolGuess[] {
  const guesses: ToolGuess[] = [];
  const count = (counter: number) => window.total(counter);
  const candidates = count(SourceCounter.markCandidate);
  const add = (name: string, marked: number, sure: number) => {
    if (marked < MARKED_MIN || marked < MARKED_SHARE * candidates) return;
    guesses.push({ name, confidence: round(sure - (marked < 5 ? 0.1 : 0)) });
  };
  add('masscan', count(SourceCounter.markMasscan), 0.99);
  add('zmap', count(SourceCounter.markZmap), 0.99);
  add('mirai', count(SourceCounter.markMirai), 0.97);
  add('unicornscan', count(SourceCounter.markUnicornscan), 0.8);
  const nmap = Math.max(
    nmapConfidence(window),
    nmapByTtl(window),
    nmapByPortOrder(window),
    byPayloads(window, 'nmap'),
  );
  if (nmap > 0) guesses.push({ name: 'nmap', confidence: round(nmap) });
  for (const name of ['masscan', 'zgrab']) {
    const odds = byPayloads(window, name);
    if (odds > 0 && !guesses.some((guess) => guess.name === name))
      guesses.push({ name, confidence: odds });
  }
  if (guesses.length === 0) guesses.push(...guessByStack(window));
  return guesses.sort((a, b) => b.confidence - a.confidence);
}

/**
 * Payloads that nobody else sends; a version probe that opens a connection after Nmap's silence is
 * one.
 */
function byPayloads(window: SourceWindow, tool: string): number {
  const hits = window.payloads?.hits(0).filter(({ signature }) => signature.tool === tool) ?? [];
  const decisive = hits.filter(({ signature }) => signature.weight === 'decisive');
  if (decisive.length > 0) return decisive.length > 1 ? 0.99 : 0.97;
  if (hits.some((hit) => hit.afterWait && hit.signature.phase === 'version')) return 0.85;
  const portions = hits.find(({ signature }) => signature.id === CIPHER_PORTIONS)?.count ?? 0;
  return portions >= PORTIONS_MIN ? 0.8 : 0;
}

/**
 * Nmap's window and options, one sequence value a run, a kernel that resets what the raw socket
 * asked.
 */
function nmapConfidence(window: SourceWindow): number {
  const marked = window.total(SourceCounter.markNmap);
  if (marked < MARKED_MIN) return 0;
  const tcp = TCP_COUNTERS.reduce<number>((sum, counter) => sum + window.total(counter), 0);
  let odds = marked >= NMAP_SHARE * tcp ? 0.8 : 0.6;
  if (window.total(SourceCounter.runKey) >= NMAP_SHARE * marked) odds = Math.max(odds, 0.95);
  if (window.total(SourceCounter.stackSplit) > 0) odds += 0.02;
  if (window.ttlMax - window.ttlMin >= 10) odds += 0.01;
  return round(Math.min(0.99, odds));
}

/**
 * Nmap's raw probes leave with a random TTL of 37 to 59 each (tcpip.cc, build_ip_raw), whatever
 * their protocol: a spread that no stack and no other scanner has.
 */
function nmapByTtl(window: SourceWindow): number {
  const ttls = new Set<number>();
  let probes = 0;
  for (const { kinds, ttl } of window.contacts.values()) {
    if (kinds === 0 || ttl === 0) continue;
    if (ttl < TTL_LOW_MIN || ttl > NMAP_TTL_MAX) return 0;
    ttls.add(ttl);
    probes++;
  }
  const spread = Math.max(...ttls) - Math.min(...ttls);
  if (probes < TTL_PROBES_MIN || spread >= NMAP_TTL_VALUES || spread < 6) return 0;
  return ttls.size >= Math.min(8, probes / 2) ? 0.85 : 0.6;
}

const TTL_PROBES_MIN = 5;
/** 37 less the longest usual path; a traceroute starts at 1. */
const TTL_LOW_MIN = 12;
const NMAP_TTL_MAX = 59;
const NMAP_TTL_VALUES = 23;

/**
 * Nmap moves the ports most often found open to the front of an otherwise random order (nmap.cc,
 * random_port_cheat), connect scans included. The chance of half of them among the first thirty of
 * hundreds is far below one in a million.
 */
function nmapByPortOrder(window: SourceWindow): number {
  // Most sources have many targets or many ports, not both.
  const targets = window.targetsWith(PORTS_ORDERED_MIN);
  if (targets.length === 0) return 0;
  const byTarget = new Map(targets.map((target): [string, Contact[]] => [target, []]));
  for (const contact of window.contacts.values()) {
    if (isTcpSyn(contact)) byTarget.get(contact.target)?.push(contact);
  }
  for (const ports of byTarget.values()) {
    if (ports.length < PORTS_ORDERED_MIN) continue;
    const first = ports.sort((a, b) => a.firstUs - b.firstUs).slice(0, POPULAR_PORTS.size + 5);
    if (first.filter(({ port }) => POPULAR_PORTS.has(port)).length >= POPULAR_PORTS.size / 2)
      return 0.8;
  }
  return 0;
}

const isTcpSyn = ({ protocol, kinds }: Contact): boolean =>
  protocol === 6 && (kinds & ProbeKind.syn) !== 0;

const PORTS_ORDERED_MIN = 60;
const POPULAR_PORTS = new Set([
  80, 23, 443, 21, 22, 25, 3389, 110, 445, 139, 143, 53, 135, 3306, 8080, 1723, 111, 995, 993, 5900,
  1025, 587, 8888, 199, 1720,
]);

/** What is left to go by: the whole stack's look, and how the source behaves. Weak, and said so. */
function guessByStack(window: SourceWindow): ToolGuess[] {
  const [signature] = [...window.signatures].sort((a, b) => b[1] - a[1])[0] ?? [''];
  if (signature !== '' && isHping(signature)) return [{ name: 'hping3', confidence: 0.8 }];
  const echoes = window.total(SourceCounter.icmpEcho);
  if (
    echoes >= ECHOES_MIN &&
    window.total(SourceCounter.emptyEcho) === 0 &&
    window.ttlMin === window.ttlMax
  ) {
    return [{ name: 'fping', confidence: 0.4 }];
  }
  const contacts = [...window.contacts.values()].filter((c) => (c.kinds & ProbeKind.syn) !== 0);
  const hollow = contacts.filter(
    (c) => (c.outcome & Outcome.open) !== 0 && (c.outcome & DATA) === 0,
  ).length;
  const failed = contacts.filter((c) => (c.outcome & DATA) === 0).length;
  // Connections opened for nothing: a connect scan. Nmap's is the most common by far.
  if (failed >= CONNECTS_MIN && failed >= 0.8 * contacts.length && hollow > 0)
    return [{ name: 'nmap', confidence: 0.5 }];
  return [];
}

const ECHOES_MIN = 50;
const CONNECTS_MIN = 30;
const DATA = Outcome.sourceData | Outcome.targetData;

/** hping3 sends SYNs without options, window 512, from an initial TTL of 64 (hping3 sendtcp.c). */
function isHping(signature: string): boolean {
  const byte = (at: number) => signature.charCodeAt(at);
  return (
    byte(1) === 64 &&
    byte(3) === 0xff &&
    byte(4) === 0xff &&
    ((byte(5) << 8) | byte(6)) === 512 &&
    byte(14) === 0
  );
}

const TCP_COUNTERS = [
  SourceCounter.syn,
  SourceCounter.fin,
  SourceCounter.null,
  SourceCounter.xmas,
  SourceCounter.ack,
  SourceCounter.maimon,
  SourceCounter.oddFlags,
];

/** Kinds that no connection ever sends first. */
export const STEALTH_KINDS =
  ProbeKind.fin |
  ProbeKind.null |
  ProbeKind.xmas |
  ProbeKind.ack |
  ProbeKind.maimon |
  ProbeKind.oddFlags;

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
