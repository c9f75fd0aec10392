/**
 * A source's window in the form the correlator and the report want: names, bounded lists, counts.
 */
import {
  type Activity,
  type Circumstances,
  type ContactSummary,
  countBy,
  type EntityName,
  type Find,
  fateOf,
  formatSynSignature,
  guessTools,
  Outcome,
  outcomeCounts,
  probesOf,
  type Reach,
  serviceOf,
  type SourceSummary,
  type SourceWindow,
  type SynFingerprint,
} from '../../packages/plugin-api/src/index.js';
import { addressText } from '../shared/address.js';
import { cached } from '../shared/cached.js';
import { protocolName } from '../shared/protocol.js';

/** Targets, ports and exposed services listed; beyond it the counts speak. */
const LISTED_MAX = 1024;
const FINGERPRINTS_MAX = 4;
/** Signatures whose fingerprint is kept: sources share few of them. */
const KNOWN_MAX = 256;
/** Addresses whose text is kept. */
const TEXTS_MAX = 4096;

/** `address` is latin1. */
export function entityName(tunnelKey: number, address: string): EntityName {
  return { ip: latin1Text(address), tunnel: tunnelKey };
}

/** Address text of a latin1 address. Sources that are judged together reach the same targets. */
export const latin1Text = cached(TEXTS_MAX, (at) => addressText(Buffer.from(at, 'latin1')));

/** The fingerprint of a canonical SYN signature in latin1. */
export const fingerprintOf = cached(
  KNOWN_MAX,
  (signature): SynFingerprint => formatSynSignature(Buffer.from(signature, 'latin1')),
);

export function activityOf(
  window: SourceWindow,
  summary: SourceSummary,
  circumstances: Pick<Circumstances, 'nowUs' | 'atEnd'>,
): Activity {
  const { contacts } = summary;
  const exposed = contacts.filter((c) => (c.outcome & Outcome.open) !== 0);
  const { open, closed, unreachable, silent } = outcomeCounts(contacts);
  const services = countBy(contacts, serviceOf);
  const portCount = window.allPortCount(services, summary.sinceUs);
  const exact = summary.targetCount.exact && summary.pairCount.exact && portCount.exact;
  // How many targets those had is not known: one at least.
  if (portCount.count > services.size && portCount.count <= LISTED_MAX)
    for (const service of window.unlistedServices())
      if (!services.has(service)) services.set(service, 1);
  return {
    source: entityName(window.tunnelKey, window.address),
    lastSeenUs: Math.max(summary.lastSeenUs, 0),
    targetCount: summary.targetCount.count,
    portCount: portCount.count,
    pairCount: summary.pairCount.count,
    exact,
    reach: reachOf(window, circumstances, summary.isWhole) ?? {
      targets: summary.targetCount.count,
      ports: portCount.count,
      pairs: summary.pairCount.count,
      exact,
    },
    targets: [...summary.targets.keys()].slice(0, LISTED_MAX).map(latin1Text),
    ports: portHits(services),
    exposed: exposed.slice(0, LISTED_MAX).map(serviceText),
    unlistedExposed: window.finds?.untold().map(serviceText) ?? [],
    exposedComplete: window.finds?.isIncomplete !== true,
    openCount: open,
    closedCount: closed,
    unreachableCount: unreachable,
    silentCount: silent,
    servedCount: summary.served,
    probes: probesOf(contacts),
    tools: guessTools(window),
    fingerprints: [...window.signatures]
      .sort((a, b) => b[1] - a[1])
      .slice(0, FINGERPRINTS_MAX)
      .map(([signature]) => fingerprintOf(signature)),
    ...clients(window),
    pathProven: contacts.some(
      (c) => (c.outcome & (Outcome.established | Outcome.sourceReset)) !== 0,
    ),
  };
}

/**
 * What the source reached since its findings began; null when that is what its window says, which
 * is whole when nothing is too old for it.
 */
function reachOf(
  window: SourceWindow,
  { nowUs, atEnd }: Pick<Circumstances, 'nowUs' | 'atEnd'>,
  isWhole: boolean,
): Reach | null {
  const { reachSinceUs: sinceUs } = window;
  if (sinceUs === null || (isWhole && !window.hasPast)) return null;
  const contacts = [...window.contacts.values()].filter(
    (contact) => contact.lastUs >= sinceUs && fateOf(contact, nowUs, atEnd) !== 'none',
  );
  return window.reach(contacts, sinceUs);
}

function serviceText({ target, port, protocol }: Find): ContactSummary {
  return { ip: latin1Text(target), port, proto: protocolName(protocol) };
}

/** Only what there is: most sources speak neither TLS nor HTTP. */
function clients({ payloads }: SourceWindow): Pick<Activity, 'ja3' | 'ja4' | 'userAgents'> {
  if (payloads === null) return {};
  const { ja3, ja4, userAgents } = payloads;
  return {
    ...(ja3.length > 0 && { ja3 }),
    ...(ja4.length > 0 && { ja4 }),
    ...(userAgents.length > 0 && { userAgents }),
  };
}

function portHits(services: ReadonlyMap<number, number>): Activity['ports'] {
  return [...services]
    .sort((a, b) => b[1] - a[1] || a[0] - b[0])
    .slice(0, LISTED_MAX)
    .map(([service, count]) => ({
      proto: protocolName(service >>> 16),
      port: service & 0xffff,
      hits: count,
    }));
}
