/**
 * What Picket says: findings (one detector's statement about one entity in one window) and
 * incidents (one operator's activity over time). These are the shapes of the output contract,
 * section 4 of the design, in the form they travel inside the program; `src/output/eve.ts` prints
 * them.
 */

export type Phase = 'breadth' | 'depth' | 'evasion' | 'side_channel' | 'deception' | 'noise';

/** Every kind of finding there is, with the phase it belongs to. */
export const PHASE_OF_KIND = {
  address_scan: 'breadth',
  random_scan: 'breadth',
  scanner_signature: 'breadth',
  distributed_address_scan: 'breadth',
  port_scan: 'depth',
  distributed_port_scan: 'depth',
  version_scan: 'depth',
  script_scan: 'depth',
  os_detection: 'depth',
  ip_protocol_scan: 'depth',
  stealth_scan: 'evasion',
  bad_checksum: 'evasion',
  fragmented_probe: 'evasion',
  trusted_source_port: 'evasion',
  decoy_scan: 'evasion',
  slow_scan: 'evasion',
  idle_scan_zombie: 'side_channel',
  idle_scan_target: 'side_channel',
  honeyport: 'deception',
  syn_flood: 'noise',
  fan_out: 'noise',
  backscatter: 'noise',
} as const satisfies Record<string, Phase>;
export type Kind = keyof typeof PHASE_OF_KIND;

/** 1 is the most severe, as in Suricata's `alert.severity`. */
export type Severity = 1 | 2 | 3;

export interface ToolGuess {
  /** Lower-case name of the tool: masscan, zmap, nmap, hping3, fping, mirai, unicornscan ... */
  name: string;
  /** 0 to 1. */
  confidence: number;
}

/** An address in text, and the outer ids' hash that tells equal addresses apart (0: none). */
export interface EntityName {
  ip: string;
  tunnel: number;
}

/** A (host, port) and what the source learned of it. */
export interface ContactSummary {
  ip: string;
  port: number;
  /** Lower-case protocol name: tcp, udp, icmp, sctp, ipv6-icmp, or the number as text. */
  proto: string;
}

/** Distinct targets, services and pairs of the two; exact, or some of them estimated. */
export interface Reach {
  targets: number;
  ports: number;
  pairs: number;
  exact: boolean;
}

/**
 * What a source did inside the window of a finding, for the correlator and the report. Lists are
 * bounded by `limits.activityItemsMax`; the counts are of the whole window, and `exact` says
 * whether they were counted or estimated.
 */
export interface Activity {
  source: EntityName;
  /**
   * Packet time (microseconds) of its last probe: tells an incident that goes on from one that
   * ended.
   */
  lastSeenUs: number;
  targetCount: number;
  portCount: number;
  pairCount: number;
  exact: boolean;
  /** The same since its findings began, however much of that is older than any window. */
  reach: Reach;
  targets: string[];
  ports: { proto: string; port: number; hits: number }[];
  exposed: ContactSummary[];
  /** Open services beyond the exactly known pairs; each is told in an epoch's activities only. */
  unlistedExposed: ContactSummary[];
  /** Whether those two, over time, name every open service that answered the source in sight. */
  exposedComplete: boolean;
  /** Open, closed, unreachable and silent pairs, of the exactly known ones. */
  openCount: number;
  closedCount: number;
  unreachableCount: number;
  silentCount: number;
  /** Pairs on which a connection was completed and carried data. */
  servedCount: number;
  probes: string[];
  tools: readonly ToolGuess[];
  /** Canonical SYN fingerprints, most frequent first. */
  fingerprints: SynFingerprint[];
  /** Of its TLS hellos to protected services, and of its HTTP requests; latest last. */
  ja3?: string[];
  ja4?: string[];
  userAgents?: string[];
  /** The source acknowledged or reset in window: it is not spoofed. */
  pathProven: boolean;
}

/** One SYN stack signature in the forms people search for. */
export interface SynFingerprint {
  /** p0f 3 raw signature, p0f README §5. */
  p0f: string;
  /** FNV-1a 64 of `p0f`, 16 hex digits: the key other tools can index. */
  hash: string;
  /** `window:options:mss:scale`. */
  muonfp: string;
}

/**
 * What was not looked at while a finding's window lasted. The counts are of the seconds in which
 * something was not, of all sources together: whose packets are missing, nobody knows.
 */
export interface Coverage {
  seconds: number;
  /** Seen. */
  packets: number;
  /** Lost before they were seen. */
  dropped: number;
  /** Seen in part. */
  truncated: number;
  /** Sources, and large sets, that found no room in the tables. */
  sourcesRefused: number;
  sketchesRefused: number;
  /** Probes counted for a flood's target alone: some may have been this source's. */
  singlesFolded: number;
}

export type FindingState = 'started' | 'escalated' | 'ended';

/** Growth of its count from one line of a finding to the next. */
export const ESCALATION = 10;

export interface Finding {
  /** 16 hex digits: hash of detector, entity, target and window start. The same on every replay. */
  id: string;
  state: FindingState;
  kind: Kind;
  phase: Phase;
  /**
   * The entity: a source, or for floods the target. Sharding, ordering and suppression go by it.
   */
  source: EntityName | null;
  target: EntityName | null;
  /** Lower-case name of the protocol most probes used. */
  proto: string;
  /** The probe type most used: syn, udp, icmp_echo ... */
  probe: string;
  windowS: number;
  count: number;
  threshold: number;
  exact: boolean;
  /** 0 to 1, and why: each reason raised or lowered it. */
  confidence: number;
  reasons: string[];
  severity: Severity;
  mitre: string[];
  /** Microseconds of packet time. */
  firstSeenUs: number;
  lastSeenUs: number;
  /** End of the epoch in which the condition was judged; orders the output. */
  judgedUs: number;
  /** Detector-specific numbers and samples, small and JSON-safe. */
  evidence: Record<string, unknown>;
  /** Null for findings about a target. */
  activity: Activity | null;
  /** Absent when everything was looked at. */
  coverage?: Coverage;
}

export type ActorRole = 'operator' | 'decoy' | 'zombie' | 'spoofed' | 'member';

export interface Incident {
  id: string;
  state: 'opened' | 'updated' | 'closed';
  confidence: number;
  /** What raised (`+`) and what lowered (`-`) the confidence, in words. */
  reasons: string[];
  severity: Severity;
  actors: { ip: string; role: ActorRole; fingerprint?: string }[];
  phases: Phase[];
  kinds: Kind[];
  tools: readonly ToolGuess[];
  firstSeenUs: number;
  lastSeenUs: number;
  scope: {
    hosts: number;
    ports: number;
    pairs: number;
    exact: boolean;
    topPorts: { proto: string; port: number; hits: number }[];
    targets: string[];
    /** At most four networks that hold all known targets, mostly filled by them if they can be. */
    networks: string[];
    /** Known targets that were studied: hosts with a finding of the depth phase. At most 256. */
    studied: string[];
  };
  exposed: (ContactSummary & { service?: string })[];
  /** All open services known, of which `exposed` lists some; at least these when not `complete`. */
  exposedScope: { services: number; hosts: number; complete: boolean };
  recipe: { command: string; confidence: number } | null;
  /** Finding ids. */
  evidence: string[];
  /** End of the epoch that caused this event; orders the output. */
  judgedUs: number;
}
