/** Findings and activities for tests: complete, plain, and changed field by field. */
import { PHASE_OF_KIND, type Activity, type Finding } from '../finding.js';

/** 2026-11-24 03:25:42 UTC, in microseconds. */
export const TEST_TIME_US = Date.UTC(2026, 10, 24, 3, 25, 42) * 1000;

/** A raw SYN as Masscan 1.3 sends it: no options but nothing else either. */
export const MASSCAN_SYN = {
  p0f: '4:255:0:0:1024,0::+:0',
  hash: 'a1b2c3d4e5f60718',
  muonfp: '1024:::',
};
/** A raw SYN as Nmap 7.9 sends it. */
export const NMAP_SYN = {
  p0f: '4:64:0:1460:1024,0:mss::0',
  hash: '18f6071a2b3c4d5e',
  muonfp: '1024:2:1460:',
};
/** A SYN of the Linux kernel. */
export const LINUX_SYN = {
  p0f: '4:64:0:1460:mss*44,7:mss,sok,ts,nop,ws:df,id+:0',
  hash: '0011223344556677',
  muonfp: '64240:2-4-8-1-3:1460:7',
};

export const hosts = (prefix: string, first: number, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${first + index}`);

export const tcpPorts = (ports: number[], hits = 1): Activity['ports'] =>
  ports.map((port) => ({ proto: 'tcp', port, hits }));

/** Counts follow the lists where they are not given. */
export function makeActivity(given: Partial<Activity> = {}): Activity {
  const targets = given.targets ?? hosts('198.51.100.', 1, 100);
  const ports = given.ports ?? tcpPorts([443], targets.length);
  const targetCount = given.targetCount ?? targets.length;
  const portCount = given.portCount ?? ports.length;
  const pairCount = given.pairCount ?? targets.length * ports.length;
  const exact = given.exact ?? true;
  return {
    source: { ip: '203.0.113.7', tunnel: 0 },
    lastSeenUs: TEST_TIME_US,
    targetCount,
    portCount,
    pairCount,
    reach: { targets: targetCount, ports: portCount, pairs: pairCount, exact },
    exact,
    targets,
    ports,
    exposed: [],
    unlistedExposed: [],
    exposedComplete: true,
    openCount: given.exposed?.length ?? 0,
    closedCount: 0,
    unreachableCount: 0,
    silentCount: targets.length * ports.length,
    servedCount: 0,
    probes: ['syn'],
    tools: [],
    fingerprints: [],
    pathProven: false,
    ...given,
  };
}

/** An `address_scan` of 100 hosts in ten seconds, unless told otherwise. */
export function makeFinding(given: Partial<Finding> = {}): Finding {
  const kind = given.kind ?? 'address_scan';
  const lastSeenUs = given.lastSeenUs ?? TEST_TIME_US;
  const source = given.source === undefined ? { ip: '203.0.113.7', tunnel: 0 } : given.source;
  return {
    id: '00000000000000a1',
    state: 'started',
    kind,
    phase: PHASE_OF_KIND[kind],
    source,
    target: null,
    proto: 'tcp',
    probe: 'syn',
    windowS: 60,
    count: 100,
    threshold: 100,
    exact: true,
    confidence: 0.8,
    reasons: [],
    severity: 3,
    mitre: ['T1595.001'],
    firstSeenUs: lastSeenUs - 10_000_000,
    lastSeenUs,
    judgedUs: Math.ceil(lastSeenUs / 1e6) * 1e6,
    evidence: {},
    activity: source ? makeActivity({ source, lastSeenUs }) : null,
    ...given,
  };
}
