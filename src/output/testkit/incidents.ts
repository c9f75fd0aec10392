/** Incidents for tests, changed field by field. */
import type { Incident } from '../../../packages/plugin-api/src/finding.js';
import {
  hosts,
  MASSCAN_SYN,
  TEST_TIME_US,
} from '../../../packages/plugin-api/src/testkit/findings.js';

/** A Masscan sweep of a /24 followed by Nmap on two hosts, closed. */
export function makeIncident(given: Partial<Incident> = {}): Incident {
  const exposed = given.exposed ?? [
    { ip: '198.51.100.20', port: 22, proto: 'tcp' },
    { ip: '198.51.100.20', port: 443, proto: 'tcp' },
    { ip: '198.51.100.96', port: 80, proto: 'tcp' },
  ];
  return {
    id: '00000000000000f1',
    state: 'closed',
    confidence: 0.97,
    reasons: [
      '+ address_scan: 256 in 60 s, threshold 100',
      '+ packets carry the mark of masscan',
      '+ several phases: breadth, depth',
      '+ it received our answers: the address is not spoofed',
    ],
    severity: 1,
    actors: [{ ip: '203.0.113.7', role: 'operator', fingerprint: MASSCAN_SYN.p0f }],
    phases: ['breadth', 'depth'],
    kinds: ['address_scan', 'port_scan'],
    tools: [
      { name: 'masscan', confidence: 0.98 },
      { name: 'nmap', confidence: 0.85 },
    ],
    firstSeenUs: TEST_TIME_US,
    lastSeenUs: TEST_TIME_US + 42_500_000,
    scope: {
      hosts: 256,
      ports: 1002,
      pairs: 2766,
      exact: false,
      topPorts: [22, 80, 443].map((port) => ({ proto: 'tcp', port, hits: 256 })),
      targets: hosts('198.51.100.', 0, 256),
      networks: ['198.51.100.0/24'],
      studied: ['198.51.100.20', '198.51.100.96'],
    },
    exposed,
    exposedScope: {
      services: exposed.length,
      hosts: new Set(exposed.map(({ ip }) => ip)).size,
      complete: true,
    },
    recipe: {
      command:
        'masscan 198.51.100.0/24 -p22,80,443; ' +
        'nmap -sS --top-ports ~1000 198.51.100.20 198.51.100.96',
      confidence: 0.58,
    },
    evidence: ['00000000000000a1', '00000000000000a2'],
    judgedUs: TEST_TIME_US + 43_000_000,
    ...given,
  };
}
