/** The findings that only several sources together make: decoy and distributed scans, floods. */
import { createHash } from 'node:crypto';
import {
  type Activity,
  type Finding,
  type Kind,
  PHASE_OF_KIND,
} from '../../packages/plugin-api/src/finding.js';
import type { Suspect } from '../../packages/plugin-api/src/suspect.js';
import { protocolName } from '../shared/protocol.js';
import { CROWD_MIN } from './arrivals.js';
import { DECOY_SCAN, type DecoyGroup } from './decoys.js';
import {
  DISTRIBUTED_ADDRESS_SCAN,
  DISTRIBUTED_PORT_SCAN,
  type ShareGroup,
  type SharesOptions,
} from './shares.js';

/** Sources listed in a finding's evidence. */
const LISTED_MAX = 64;
const DECOY_WINDOW_S = 60;
/** A flood that pauses for longer has ended. */
export const FLOOD_WINDOW_S = 60;

export function decoyFinding(group: DecoyGroup, real: string | null, nowUs: number): Finding {
  const members = [...group.members.keys()].sort();
  const source = real === null ? null : (group.members.get(real)?.suspect.source ?? null);
  const target = group.targets.size === 1 ? [...group.targets][0] : null;
  const tunnel = [...group.members.values()][0].suspect.source.tunnel;
  return {
    ...frameOf('decoy_scan', members, group.firstUs, group.lastUs, nowUs),
    source,
    target: target === null ? null : { ip: target, tunnel },
    proto: protocolName(group.sample.protocol),
    probe: 'syn',
    windowS: DECOY_WINDOW_S,
    count: group.members.size,
    threshold: 2,
    confidence: Math.min(0.99, 0.9 + group.sharedProbes / 1000),
    reasons: [
      `+ ${group.sharedProbes} probes sent by ${group.members.size} sources with one source ` +
        'port, sequence and IP ID',
      real === null
        ? '- no source has taken our answers so far: any may be the real one'
        : '+ one source alone takes our answers',
    ],
    mitre: [...DECOY_SCAN.mitre],
    evidence: {
      sources: members.slice(0, LISTED_MAX).map(ipOfKey),
      real: real === null ? null : ipOfKey(real),
      shared_probes: group.sharedProbes,
      targets: group.targets.size,
      sample: group.sample,
      odds: Object.fromEntries(oddsOf(group).slice(0, LISTED_MAX)),
    },
    activity: null,
  };
}

/** How likely each member is the real source: by proof of its return path, else all alike. */
export function oddsOf(group: DecoyGroup): [ip: string, odds: number][] {
  const weights = [...group.members].map(([key, { proof }]): [string, number] => [
    ipOfKey(key),
    10 ** (2 * proof),
  ]);
  const sum = weights.reduce((total, [, weight]) => total + weight, 0);
  return weights
    .map(([ip, weight]): [string, number] => [ip, Math.round((weight / sum) * 1000) / 1000])
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

export function shareFinding(group: ShareGroup, options: SharesOptions, nowUs: number): Finding {
  const members = [...group.members].sort(
    ([a, x], [b, y]) => y.count - x.count || (a < b ? -1 : 1),
  );
  const first = members[0][1].suspect;
  const ports = group.kind === 'distributed_port_scan';
  return {
    ...frameOf(group.kind, [...group.members.keys()].sort(), group.firstUs, group.lastUs, nowUs),
    source: first.source,
    target: group.target === null ? null : { ip: group.target, tunnel: group.tunnel },
    proto: protocolName(group.protocol),
    probe: 'syn',
    windowS: options.windowUs / 1e6,
    count: group.covered,
    threshold: options.threshold,
    confidence: first.tool !== null ? 0.9 : 0.75,
    reasons: [
      `+ ${group.members.size} sources with one fingerprint share ${group.covered} ` +
        (ports ? 'ports of one host' : 'hosts'),
      `+ only ${group.repeats} tried by two of them`,
    ],
    mitre: [...(ports ? DISTRIBUTED_PORT_SCAN : DISTRIBUTED_ADDRESS_SCAN).mitre],
    evidence: {
      sources: members.slice(0, LISTED_MAX).map(([key]) => ipOfKey(key)),
      sources_count: group.members.size,
      fingerprint: first.fingerprint,
      tool: first.tool,
      overlap: group.repeats,
    },
    activity: null,
  };
}

/** SYNs of one stack over many hosts or ports, each from a made-up source of its own. */
export interface Flood {
  tunnel: number;
  fingerprint: string;
  firstUs: number;
  lastUs: number;
  count: number;
  /** At most FLOOD_MEMBERS_MAX of each; more are not told apart. */
  hosts: Set<string>;
  ports: Set<number>;
}

export const FLOOD_MEMBERS_MAX = 4096;

export function floodFinding(flood: Flood, state: Finding['state'], nowUs: number): Finding {
  const { tunnel, fingerprint, firstUs, lastUs, count, hosts, ports } = flood;
  const [host] = hosts;
  const [port] = ports;
  return {
    ...frameOf('syn_flood', [`${tunnel} ${fingerprint}`], firstUs, lastUs, nowUs),
    state,
    source: null,
    target: hosts.size === 1 ? { ip: host, tunnel } : null,
    proto: 'tcp',
    probe: 'syn',
    windowS: FLOOD_WINDOW_S,
    count,
    threshold: CROWD_MIN,
    // What a sensor folds, and what finds no room on the way, is not in it.
    exact: false,
    confidence: 0.8,
    reasons: [
      `+ ${count} SYNs of one stack, each from a source of its own`,
      '+ hardly two sources of one network, and none takes an answer',
    ],
    mitre: ['T1498.001', 'T1499.001'],
    evidence: {
      hosts: hosts.size,
      hosts_exact: hosts.size < FLOOD_MEMBERS_MAX,
      ...(ports.size === 1
        ? { port }
        : { ports: ports.size, ports_exact: ports.size < FLOOD_MEMBERS_MAX }),
      sources: count,
      fingerprint,
    },
    activity: null,
  };
}

/**
 * What a member did, as far as its suspects told: keeps the scope of an incident without findings
 * of its own.
 */
export function activityOfSuspect(suspect: Suspect): Activity {
  const { contacts, source } = suspect;
  const targets = [...new Set(contacts.map((contact) => contact.target))];
  const hits = new Map<string, { proto: string; port: number; hits: number }>();
  for (const { protocol, port } of contacts) {
    const key = `${protocol} ${port}`;
    const known = hits.get(key);
    if (known) known.hits++;
    else hits.set(key, { proto: protocolName(protocol), port, hits: 1 });
  }
  const exposed = contacts.filter((contact) => contact.open);
  return {
    source,
    lastSeenUs: contacts[contacts.length - 1].timeUs,
    targetCount: targets.length,
    portCount: hits.size,
    pairCount: contacts.length,
    exact: true,
    reach: { targets: targets.length, ports: hits.size, pairs: contacts.length, exact: true },
    targets,
    ports: [...hits.values()],
    exposed: exposed.map(({ target, port, protocol }) => ({
      ip: target,
      port,
      proto: protocolName(protocol),
    })),
    unlistedExposed: [],
    exposedComplete: true,
    openCount: exposed.length,
    closedCount: 0,
    unreachableCount: 0,
    silentCount: contacts.length - exposed.length,
    servedCount: 0,
    probes: ['syn'],
    tools: suspect.tool === null ? [] : [{ name: suspect.tool, confidence: 0.9 }],
    fingerprints: [],
    pathProven: suspect.proof > 0,
  };
}

/** The address of an actor key. */
export function ipOfKey(key: string): string {
  return key.slice(0, key.indexOf(' '));
}

function frameOf(kind: Kind, members: string[], firstUs: number, lastUs: number, nowUs: number) {
  return {
    id: createHash('sha256')
      .update([kind, firstUs, ...members].join(' '))
      .digest('hex')
      .slice(0, 16),
    state: 'started' as const,
    kind,
    phase: PHASE_OF_KIND[kind],
    exact: true,
    severity: 2 as const,
    firstSeenUs: firstUs,
    lastSeenUs: lastUs,
    judgedUs: nowUs,
  };
}
