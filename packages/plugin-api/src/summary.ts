/**
 * One source's window, counted once for all detectors: contacts by target and by fate.
 */
import { Outcome, ProbeKind, SourceCounter } from './batch-layout.js';
import { type Contact, type Count, countBy, type Fate, fateOf } from './contact.js';
import type { SourceWindow } from './window.js';

/** The source's contacts with one target, inside the window. */
export interface TargetTally {
  target: string;
  contacts: Contact[];
  served: number;
  failed: number;
  pending: number;
}

export interface SourceSummary {
  windowS: number;
  /** Where it begins, packet time. */
  sinceUs: number;
  /** Nothing of the source was too old, or given up: over more seconds it would say the same. */
  isWhole: boolean;
  /** Contacts that count as probes, and the targets they went to. */
  contacts: Contact[];
  targets: Map<string, TargetTally>;
  targetCount: Count;
  pairCount: Count;
  /** Targets with at least one served contact; without one but with a pending; all others. */
  servedTargets: number;
  pendingTargets: number;
  failedTargets: number;
  served: number;
  failed: number;
  pending: number;
  /** Contacts (target, port) with things that came unasked: SYN-ACKs, resets, errors, answers. */
  unsolicited: Contact[];
  /** Share of TCP SYNs that no operating system's stack sends, 0 to 1. */
  rawShare: number;
  firstSeenUs: number;
  lastSeenUs: number;
}

const UNSOLICITED =
  Outcome.backscatterSynAck |
  Outcome.backscatterRst |
  Outcome.backscatterIcmp |
  Outcome.backscatterReply;

/** Counts the window's last `windowS` seconds up to `nowUs`. */
export function summarize(
  window: SourceWindow,
  windowS: number,
  nowUs: number,
  atEnd: boolean,
): SourceSummary {
  const sinceUs = nowUs - windowS * 1e6;
  const targets = new Map<string, TargetTally>();
  const contacts: Contact[] = [];
  const unsolicited: Contact[] = [];
  const total: Record<Fate, number> = { served: 0, failed: 0, pending: 0, none: 0 };
  let isWhole = !window.isCutSince(0);
  let firstSeenUs = Number.POSITIVE_INFINITY;
  let lastSeenUs = 0;
  for (const contact of window.contacts.values()) {
    if (contact.lastUs < sinceUs) {
      isWhole = false;
      continue;
    }
    if ((contact.outcome & UNSOLICITED) !== 0) unsolicited.push(contact);
    const fate = fateOf(contact, nowUs, atEnd);
    if (fate === 'none') continue;
    total[fate]++;
    contacts.push(contact);
    tallyOf(targets, contact)[fate]++;
    firstSeenUs = Math.min(firstSeenUs, contact.firstUs);
    lastSeenUs = Math.max(lastSeenUs, contact.lastUs);
  }
  // A list that is full says when it became that, not when the scan was last seen.
  if (contacts.length > 0) lastSeenUs = Math.max(lastSeenUs, window.unlistedLastUs());
  let servedTargets = 0;
  let pendingTargets = 0;
  for (const tally of targets.values()) {
    if (tally.served > 0) servedTargets++;
    else if (tally.pending > 0) pendingTargets++;
  }
  const syns = window.counter(SourceCounter.syn);
  return {
    windowS,
    sinceUs,
    isWhole,
    contacts,
    targets,
    unsolicited,
    servedTargets,
    pendingTargets,
    targetCount: window.targetCount(targets, sinceUs),
    pairCount: window.pairCount(contacts, sinceUs),
    failedTargets: targets.size - servedTargets - pendingTargets,
    served: total.served,
    failed: total.failed,
    pending: total.pending,
    rawShare: syns === 0 ? 0 : Math.min(1, window.counter(SourceCounter.rawStack) / syns),
    firstSeenUs,
    lastSeenUs,
  };
}

/** The tally of the contact's target, with the contact in it. */
function tallyOf(targets: Map<string, TargetTally>, contact: Contact): TargetTally {
  const { target } = contact;
  let tally = targets.get(target);
  if (tally === undefined) {
    // Most have one contact: the list is made with it, not with room for more.
    tally = { target, contacts: [contact], served: 0, failed: 0, pending: 0 };
    targets.set(target, tally);
  } else tally.contacts.push(contact);
  return tally;
}

/** Whether the source's probes come from a user-space stack or carry a scanner's mark, so far. */
export function isRawSource(window: SourceWindow): boolean {
  const syns = window.total(SourceCounter.syn);
  const marked =
    window.total(SourceCounter.markMasscan) +
    window.total(SourceCounter.markZmap) +
    window.total(SourceCounter.markNmap) +
    window.total(SourceCounter.markMirai);
  return (syns > 0 && window.total(SourceCounter.rawStack) >= syns / 2) || marked >= 3;
}

/** Names of the probe kinds, as findings print them. */
export const PROBE_NAMES: Readonly<Record<keyof typeof ProbeKind, string>> = {
  syn: 'syn',
  fin: 'fin',
  null: 'null',
  xmas: 'xmas',
  ack: 'ack',
  maimon: 'maimon',
  oddFlags: 'odd_flags',
  udp: 'udp',
  icmpEcho: 'icmp_echo',
  icmpTimestamp: 'icmp_timestamp',
  icmpMask: 'icmp_mask',
  icmpOther: 'icmp_other',
  sctpInit: 'sctp_init',
  sctpCookieEcho: 'sctp_cookie_echo',
  ipProtocol: 'ip_protocol',
  inferred: 'inferred',
};

/** What `tell` says of a list of contacts, said once: many ask for the same in one judgement. */
function once<T>(tell: (contacts: readonly Contact[]) => T): (contacts: readonly Contact[]) => T {
  const told = new WeakMap<readonly Contact[], T>();
  return (contacts) => {
    let known = told.get(contacts);
    if (known === undefined) {
      known = tell(contacts);
      told.set(contacts, known);
    }
    return known;
  };
}

/** Probe kinds of the contacts, most frequent first. */
export const probesOf = once((contacts): string[] => {
  // Few contacts saw more than one kind, and most have the same: they are counted by what they saw.
  const counts = countBy(contacts, ({ kinds }) => kinds);
  const found: { name: string; count: number }[] = [];
  for (const { name, bit } of PROBES) {
    let count = 0;
    for (const [kinds, times] of counts) if ((kinds & bit) !== 0) count += times;
    if (count > 0) found.push({ name, count });
  }
  if (found.length === 0) return ['inferred'];
  return found.sort((a, b) => b.count - a.count).map(({ name }) => name);
});

/** The kinds that a packet showed, in their order. */
const PROBES = Object.entries(ProbeKind)
  .filter(([name]) => name !== 'inferred')
  .map(([name, bit]) => ({ name: PROBE_NAMES[name as keyof typeof ProbeKind], bit }));

/** The IP protocol number most contacts used. */
export const mainProtocol = once((contacts): number => {
  const hits = countBy(contacts, ({ protocol }) => protocol);
  return [...hits].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 0;
});

/** How many of the contacts were open, closed, unreachable or silent: of the first that holds. */
export const outcomeCounts = once((contacts) => {
  const counts = { open: 0, closed: 0, unreachable: 0, silent: 0 };
  for (const { outcome } of contacts) {
    if ((outcome & Outcome.open) !== 0) counts.open++;
    else if ((outcome & Outcome.closed) !== 0) counts.closed++;
    else if ((outcome & Outcome.unreachable) !== 0) counts.unreachable++;
    else counts.silent++;
  }
  return counts;
});
