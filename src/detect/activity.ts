/**
 * A source's window in the form the correlator and the report want: names, bounded lists, counts.
 */
import {
  type Activity,
  type Contact,
  type ContactSummary,
  type EntityName,
  type Find,
  formatSynSignature,
  guessTools,
  Outcome,
  probesOf,
  serviceOf,
  type SourceSummary,
  type SourceWindow,
} from '../../packages/plugin-api/src/index.js';
import { addressText } from '../shared/address.js';
import { protocolName } from '../shared/protocol.js';

/** Targets, ports and exposed services listed; beyond it the counts speak. */
const LISTED_MAX = 1024;
const FINGERPRINTS_MAX = 4;

export function entityName(tunnelKey: number, address: Uint8Array): EntityName {
  return { ip: addressText(address), tunnel: tunnelKey };
}

/** Address text of a latin1 address. */
export function latin1Text(address: string): string {
  if (address.length !== 4) return addressText(Buffer.from(address, 'latin1'));
  const byte = (at: number) => address.charCodeAt(at);
  return `${byte(0)}.${byte(1)}.${byte(2)}.${byte(3)}`;
}

export function activityOf(window: SourceWindow, summary: SourceSummary): Activity {
  const { contacts } = summary;
  const exposed = contacts.filter((c) => (c.outcome & Outcome.open) !== 0);
  const { closed, unreachable } = refusals(contacts);
  return {
    source: entityName(window.tunnelKey, window.address),
    lastSeenUs: Math.max(summary.lastSeenUs, 0),
    targetCount: summary.targetCount.count,
    portCount: window.allPortCount(contacts).count,
    pairCount: summary.pairCount.count,
    exact: summary.targetCount.exact && summary.pairCount.exact,
    targets: [...summary.targets.keys()].slice(0, LISTED_MAX).map(latin1Text),
    ports: portHits(contacts),
    exposed: exposed.slice(0, LISTED_MAX).map(serviceText),
    unlistedExposed: window.finds?.untold().map(serviceText) ?? [],
    exposedComplete: window.finds?.isIncomplete !== true,
    openCount: exposed.length,
    closedCount: closed,
    unreachableCount: unreachable,
    silentCount: contacts.length - exposed.length - closed - unreachable,
    servedCount: summary.served,
    probes: probesOf(contacts),
    tools: guessTools(window),
    fingerprints: [...window.signatures]
      .sort((a, b) => b[1] - a[1])
      .slice(0, FINGERPRINTS_MAX)
      .map(([bytes]) => formatSynSignature(Buffer.from(bytes, 'latin1'))),
    ...clients(window),
    pathProven: contacts.some(
      (c) => (c.outcome & (Outcome.established | Outcome.sourceReset)) !== 0,
    ),
  };
}

function serviceText({ target, port, protocol }: Find): ContactSummary {
  return { ip: latin1Text(target), port, proto: protocolName(protocol) };
}

/** Contacts that turned out closed, and unreachable; what was ever open is neither. */
function refusals(contacts: readonly Contact[]): { closed: number; unreachable: number } {
  let closed = 0;
  let unreachable = 0;
  for (const { outcome } of contacts) {
    if ((outcome & Outcome.open) !== 0) continue;
    if ((outcome & Outcome.closed) !== 0) closed++;
    else if ((outcome & Outcome.unreachable) !== 0) unreachable++;
  }
  return { closed, unreachable };
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

function portHits(contacts: readonly Contact[]): Activity['ports'] {
  const hits = new Map<number, number>();
  for (const contact of contacts)
    hits.set(serviceOf(contact), (hits.get(serviceOf(contact)) ?? 0) + 1);
  return [...hits]
    .sort((a, b) => b[1] - a[1] || a[0] - b[0])
    .slice(0, LISTED_MAX)
    .map(([service, count]) => ({
      proto: protocolName(service >>> 16),
      port: service & 0xffff,
      hits: count,
    }));
}
