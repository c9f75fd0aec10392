/**
 * Events shaped like Suricata's EVE, section 4 of the design; `eve.schema.json` is their schema.
 * Keys come in one fixed order, so equal events are equal text. Unknown is null, false or [], never
 * absent.
 */
import type {
  Activity,
  Coverage,
  EntityName,
  Finding,
  Incident,
  ToolGuess,
} from '../../packages/plugin-api/src/finding.js';
import { compareText, safeJson } from '../shared/text.js';
import { formatEveTime } from '../shared/time.js';
import type { Operational } from './contract.js';
import { SIGNATURES } from './signatures.js';

/** What other rooms know of a finding's source; each may be left out. */
export interface SourceFacts {
  asn?: number | null;
  asOrg?: string | null;
  allowlisted?: boolean;
  blocked?: boolean;
}

/** Counters by room, most of them cumulative. A dot in a name nests: `anomaly.ipv4_checksum`. */
export type StatsSections = Record<string, Readonly<Record<string, number>>>;

export type EveEvent = Record<string, unknown>;

/** Ports, targets and services listed in a finding's evidence; the counts are of all of them. */
const LIST_MAX = 20;
const FINGERPRINTS_MAX = 4;

/**
 * `address` names a service only as far as Suricata's own `proto` does: RFC 790 names, upper case.
 */
const PROTO_NAMES: Record<string, string> = {
  tcp: 'TCP',
  udp: 'UDP',
  icmp: 'ICMP',
  'ipv6-icmp': 'IPv6-ICMP',
  sctp: 'SCTP',
  gre: 'GRE',
  esp: 'ESP',
  ah: 'AH',
  igmp: 'IGMP',
  ipip: 'IPIP',
  ipv6: 'IPV6',
};

/** One line of JSON Lines, without its end. */
export function eveLine(event: EveEvent): string {
  return safeJson(event);
}

export function findingEvent(finding: Finding, facts: SourceFacts = {}): EveEvent {
  return {
    timestamp: formatEveTime(finding.lastSeenUs),
    event_type: 'finding',
    ...endpoints(finding),
    finding: {
      id: finding.id,
      kind: finding.kind,
      phase: finding.phase,
      state: finding.state,
      probe: finding.probe,
      window_s: finding.windowS,
      count: finding.count,
      threshold: finding.threshold,
      exact: finding.exact,
      confidence: rounded(finding.confidence),
      severity: finding.severity,
      mitre: finding.mitre,
      first_seen: formatEveTime(finding.firstSeenUs),
      last_seen: formatEveTime(finding.lastSeenUs),
      reasons: finding.reasons,
      ...(finding.coverage && { coverage: coverage(finding.coverage) }),
      evidence: evidence(finding),
    },
    tags: tags(finding, facts),
  };
}

/** Suricata's own alert shape, for what only reads alerts. */
export function alertEvent(finding: Finding): EveEvent {
  const { id, signature, category } = SIGNATURES[finding.kind];
  return {
    timestamp: formatEveTime(finding.lastSeenUs),
    event_type: 'alert',
    ...endpoints(finding),
    alert: {
      action: 'allowed',
      gid: 1,
      signature_id: id,
      rev: 1,
      signature,
      category,
      severity: finding.severity,
      metadata: { finding_id: [finding.id] },
    },
  };
}

export function incidentEvent(incident: Incident): EveEvent {
  const { scope } = incident;
  return {
    timestamp: formatEveTime(incident.judgedUs),
    event_type: 'incident',
    incident: {
      id: incident.id,
      state: incident.state,
      confidence: rounded(incident.confidence),
      reasons: incident.reasons,
      severity: incident.severity,
      actors: incident.actors.map(({ ip, role, fingerprint }) => ({
        ip,
        role,
        fingerprint: fingerprint ?? null,
      })),
      phases: incident.phases,
      kinds: incident.kinds,
      tools: tools(incident.tools),
      first_seen: formatEveTime(incident.firstSeenUs),
      last_seen: formatEveTime(incident.lastSeenUs),
      scope: {
        hosts: scope.hosts,
        ports: scope.ports,
        pairs: scope.pairs,
        exact: scope.exact,
        top_ports: scope.topPorts.map(({ proto, port, hits }) => ({ proto, port, hits })),
        targets: scope.targets,
        networks: scope.networks,
        studied: scope.studied,
      },
      exposed: incident.exposed.map(({ ip, port, proto, service }) =>
        service === undefined ? { ip, port, proto } : { ip, port, proto, service },
      ),
      exposed_scope: incident.exposedScope,
      recipe: incident.recipe && {
        command: incident.recipe.command,
        confidence: rounded(incident.recipe.confidence),
      },
      evidence: incident.evidence,
    },
  };
}

export function operationalEvent(event: Operational): EveEvent {
  return {
    timestamp: formatEveTime(event.timeUs),
    event_type: 'operational',
    operational: {
      kind: event.kind,
      state: event.state,
      sensor: event.sensor,
      duration_s: Math.round(event.durationMs / 1000),
      packets: event.seen,
      kernel_dropped: event.kernelDropped,
      interface_dropped: event.interfaceDropped,
      lost_percent: event.lostPercent,
      threshold_percent: event.thresholdPercent,
    },
  };
}

/** `timeUs` is packet time, like every other event's. */
export function statsEvent(timeUs: number, sections: StatsSections): EveEvent {
  const stats: Record<string, unknown> = {};
  for (const name of Object.keys(sections)) stats[name] = nested(sections[name]);
  return { timestamp: formatEveTime(timeUs), event_type: 'stats', stats };
}

function endpoints(finding: Finding): EveEvent {
  const target = onlyTarget(finding);
  return {
    ...(finding.source ? { src_ip: finding.source.ip } : {}),
    ...(target === null ? {} : { dest_ip: target }),
    proto: protoName(finding.proto),
  };
}

/** The target the finding is about, or the only one the source reached. */
function onlyTarget({ target, activity }: Finding): string | null {
  if (target) return target.ip;
  return activity?.targetCount === 1 && activity.exact ? (activity.targets[0] ?? null) : null;
}

/** Suricata prints a protocol it has no name for as three digits. */
function protoName(proto: string): string {
  return PROTO_NAMES[proto] ?? (/^\d+$/.test(proto) ? proto.padStart(3, '0') : proto.toUpperCase());
}

function evidence(finding: Finding): EveEvent {
  const { activity, source, target } = finding;
  return {
    ...(canonical(finding.evidence) as EveEvent),
    ...tunnel(source ?? target),
    ...(activity ? { activity: activityOf(activity) } : {}),
  };
}

function coverage(lost: Coverage): EveEvent {
  return {
    seconds: Math.round(lost.seconds * 1000) / 1000,
    packets: lost.packets,
    dropped: lost.dropped,
    truncated: lost.truncated,
    sources_refused: lost.sourcesRefused,
    sketches_refused: lost.sketchesRefused,
    singles_folded: lost.singlesFolded,
  };
}

/** The hash of the outer ids, when there are any: equal addresses in two tunnels are two hosts. */
function tunnel(entity: EntityName | null): EveEvent {
  return entity && entity.tunnel !== 0 ? { tunnel: entity.tunnel } : {};
}

function activityOf(activity: Activity): EveEvent {
  const first = [...activity.ports].sort(
    (left, right) =>
      right.hits - left.hits || left.port - right.port || compareText(left.proto, right.proto),
  );
  return {
    hosts: activity.targetCount,
    ports: activity.portCount,
    pairs: activity.pairCount,
    exact: activity.exact,
    closed: activity.closedCount,
    unreachable: activity.unreachableCount,
    silent: activity.silentCount,
    served: activity.servedCount,
    path_proven: activity.pathProven,
    probes: activity.probes,
    top_ports: first.slice(0, LIST_MAX).map(({ proto, port, hits }) => ({ proto, port, hits })),
    targets: activity.targets.slice(0, LIST_MAX),
    exposed: activity.exposed
      .slice(0, LIST_MAX)
      .map(({ ip, port, proto }) => ({ ip, port, proto })),
    fingerprints: activity.fingerprints
      .slice(0, FINGERPRINTS_MAX)
      .map(({ p0f, hash, muonfp }) => ({ p0f, hash, muonfp })),
    ...(activity.userAgents ? { user_agents: activity.userAgents.slice(0, LIST_MAX) } : {}),
  };
}

function tags({ activity }: Finding, facts: SourceFacts): EveEvent {
  return {
    asn: facts.asn ?? null,
    as_org: facts.asOrg ?? null,
    tcp_fingerprint: activity?.fingerprints[0]?.p0f ?? null,
    ja3: activity?.ja3?.at(-1) ?? null,
    ja4: activity?.ja4?.at(-1) ?? null,
    allowlisted: facts.allowlisted ?? false,
    blocked: facts.blocked ?? false,
    tool: tools(activity?.tools ?? []),
  };
}

function tools(guesses: readonly ToolGuess[]): ToolGuess[] {
  return guesses.map(({ name, confidence }) => ({ name, confidence: rounded(confidence) }));
}

function rounded(share: number): number {
  return Math.round(share * 100) / 100;
}

/** The same value with its keys in order: detectors may build their evidence in any. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([left], [right]) => compareText(left, right));
  return Object.fromEntries(entries.map(([key, member]) => [key, canonical(member)]));
}

/** Dots nest; a counter that is also a prefix of others stays flat under its whole name. */
function nested(counters: Readonly<Record<string, number>>): EveEvent {
  const root: Record<string, unknown> = {};
  for (const name of Object.keys(counters)) {
    const dot = name.indexOf('.');
    const group = dot < 0 ? undefined : name.slice(0, dot);
    if (group === undefined || group in counters) {
      root[name] = counters[name];
      continue;
    }
    root[group] ??= {};
    (root[group] as Record<string, number>)[name.slice(dot + 1)] = counters[name];
  }
  return root;
}
