/**
 * What came of each TCP stack in one epoch, and whether those of its sources that came once are
 * made up: many, fast, from all over, and none takes an answer.
 */
import { latin1 } from '../../packages/plugin-api/src/contact.js';
import { isScattered, SCATTER_SAMPLE } from '../../packages/plugin-api/src/scatter.js';
import type { Suspect, SuspectContact } from '../../packages/plugin-api/src/suspect.js';
import { addressBytes } from '../shared/address.js';
import { compareText } from '../shared/text.js';
import { actorKey } from './actor-key.js';
import type { SourceTotals } from './source-totals.js';

/** Sources of one stack and epoch that come once, from which on they may be a flood. */
export const CROWD_MIN = 100;
/** And how many a second of them it takes (a little below the rate of the detector). */
export const CROWD_RATE_MIN = 150;
/** So short that a rate over it says nothing. */
const SPAN_S_MIN = 0.1;
/** Of a stack's sources, those that came again or connected: fewer, and the rest is made up. */
const RETURNING_MIN = 0.1;
/** Sources that took an answer: fewer may be passers-by with the same stack. */
const ANSWERED_MIN = 3;
/** Of the open ports' answers, those that were taken: who owns a made-up address resets some. */
const ANSWERED_SHARE_MIN = 0.5;
/** What came once in one epoch, of one stack. */
export interface Arrivals {
  tunnel: number;
  fingerprint: string;
  sources: number;
  /** Sources that came again, or connected. */
  returning: number;
  /** Contacts that were answered as open; sources that took an answer. */
  opens: number;
  answered: number;
  once: { ip: string; contact: SuspectContact }[];
}

export function stackKey(tunnel: number, fingerprint: string): string {
  return `${tunnel} ${fingerprint}`;
}

/** One epoch's TCP suspects by stack, in the order of the stacks. */
export function arrivalsOf(
  suspects: readonly Suspect[],
  totals: SourceTotals,
): [string, Arrivals][] {
  const byStack = new Map<string, Arrivals>();
  for (const { source, fingerprint, proof, contacts } of suspects) {
    if (fingerprint === '') continue;
    const { ip, tunnel } = source;
    const key = stackKey(tunnel, fingerprint);
    let arrivals = byStack.get(key);
    if (arrivals === undefined) {
      arrivals = { tunnel, fingerprint, sources: 0, returning: 0, opens: 0, answered: 0, once: [] };
      byStack.set(key, arrivals);
    }
    arrivals.sources++;
    for (const { open } of contacts) if (open) arrivals.opens++;
    if (proof > 0) arrivals.answered++;
    if (contacts.length > 1 || totals.of(actorKey(source)) > 1 || proof === 2) arrivals.returning++;
    else arrivals.once.push({ ip, contact: contacts[0] });
  }
  return [...byStack].sort(([left], [right]) => compareText(left, right));
}

/** Whether what came once has made-up sources. */
export function isFlood({ sources, returning, opens, answered, once }: Arrivals): boolean {
  if (once.length < CROWD_MIN) return false;
  let firstUs = Number.POSITIVE_INFINITY;
  let lastUs = 0;
  for (const { contact } of once) {
    firstUs = Math.min(firstUs, contact.timeUs);
    lastUs = Math.max(lastUs, contact.timeUs);
  }
  const spanS = Math.max(SPAN_S_MIN, (lastUs - firstUs) / 1e6);
  if (once.length <= CROWD_RATE_MIN * spanS) return false;
  if (returning >= RETURNING_MIN * sources) return false;
  if (answered >= Math.max(ANSWERED_MIN, ANSWERED_SHARE_MIN * opens)) return false;
  const step = Math.ceil(once.length / SCATTER_SAMPLE);
  return isScattered(once.filter((_, at) => at % step === 0).map(({ ip }) => latin1Of(ip)));
}

function latin1Of(ip: string): string {
  const bytes = addressBytes(ip);
  return latin1(bytes, 0, bytes.length);
}
