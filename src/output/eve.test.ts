import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { PHASE_OF_KIND, type Incident, type Kind } from '../../packages/plugin-api/src/finding.js';
import {
  hosts,
  makeActivity,
  makeFinding,
  NMAP_SYN,
  TEST_TIME_US,
} from '../../packages/plugin-api/src/testkit/findings.js';
import {
  alertEvent,
  eveLine,
  findingEvent,
  incidentEvent,
  operationalEvent,
  statsEvent,
} from './eve.js';
import { SIGNATURES } from './signatures.js';
import { KERNEL_LOSS } from './testkit/operational.js';
import { makeIncident } from './testkit/incidents.js';

const schema = JSON.parse(readFileSync(new URL('./eve.schema.json', import.meta.url), 'utf8'));
const validate = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true }).compile(
  schema,
);
const KINDS = Object.keys(PHASE_OF_KIND) as Kind[];

/** The event as a reader of the line gets it, checked against the schema. */
// biome-ignore lint/suspicious/noExplicitAny: tests read a parsed line freely.
function read(event: Record<string, unknown>): Record<string, any> {
  const parsed = JSON.parse(eveLine(event));
  validate(parsed);
  expect(validate.errors).toBeNull();
  return parsed;
}

it('eve: operational says whose capture loses what', () => {
  expect(read(operationalEvent(KERNEL_LOSS)).operational).toEqual({
    kind: 'capture_loss',
    state: 'started',
    sensor: 'edge-1',
    duration_s: 30,
    packets: 98_000,
    kernel_dropped: 1_990,
    interface_dropped: 10,
    lost_percent: 2,
    threshold_percent: 0.1,
  });
});

describe('eve: finding', () => {
  it('prints everything section 4 of the design names', async () => {
    const activity = makeActivity({
      targets: hosts('198.51.100.', 1, 100),
      fingerprints: [NMAP_SYN],
      pathProven: true,
      tools: [{ name: 'nmap', confidence: 0.9123 }],
      exposed: [{ ip: '198.51.100.1', port: 443, proto: 'tcp' }],
    });
    const finding = makeFinding({
      activity,
      evidence: { rate: 10.5, gaps: { max: 2, min: 1 } },
      reasons: ['silent targets'],
    });
    const event = read(findingEvent(finding, { asn: 64500, asOrg: 'Example', allowlisted: true }));
    await expect(`${JSON.stringify(event, null, 2)}\n`).toMatchFileSnapshot('golden/finding.json');
  });

  it('says what was not looked at meanwhile, if anything', () => {
    const coverage = {
      ...{ seconds: 2, packets: 900, dropped: 40, truncated: 1 },
      ...{ sourcesRefused: 3, sketchesRefused: 0, singlesFolded: 2 },
    };
    expect(read(findingEvent(makeFinding({ coverage }))).finding.coverage).toEqual({
      ...{ seconds: 2, packets: 900, dropped: 40, truncated: 1 },
      ...{ sources_refused: 3, sketches_refused: 0, singles_folded: 2 },
    });
    expect(read(findingEvent(makeFinding())).finding).not.toHaveProperty('coverage');
  });

  it('tags the latest TLS client and lists the HTTP clients, where there were any', () => {
    const ja3 = ['0'.repeat(32), 'a'.repeat(32)];
    const ja4 = ['t13d1516h2_8daaf6152771_b186095e22b6'];
    const activity = makeActivity({ ja3, ja4, userAgents: ['curl/8.5.0'] });
    const event = read(findingEvent(makeFinding({ activity })));
    expect(event.tags).toMatchObject({ ja3: ja3[1], ja4: ja4[0] });
    expect(event.finding.evidence.activity.user_agents).toEqual(['curl/8.5.0']);
  });

  it.each(KINDS)('has a schema that knows %s', (kind) => {
    expect(read(findingEvent(makeFinding({ kind }))).finding).toMatchObject({
      kind,
      phase: PHASE_OF_KIND[kind],
    });
  });

  it('names the target of a finding about one, or the only one reached, and no other', () => {
    const target = { ip: '198.51.100.9', tunnel: 0 };
    expect(read(findingEvent(makeFinding({ kind: 'port_scan', target }))).dest_ip).toBe(
      '198.51.100.9',
    );
    const one = makeActivity({ targets: ['198.51.100.4'] });
    expect(read(findingEvent(makeFinding({ activity: one }))).dest_ip).toBe('198.51.100.4');
    expect(
      read(findingEvent(makeFinding({ activity: { ...one, exact: false } }))),
    ).not.toHaveProperty('dest_ip');
    expect(read(findingEvent(makeFinding({})))).not.toHaveProperty('dest_ip');
  });

  it('has no source when it is about a target', () => {
    const flood = makeFinding({
      kind: 'syn_flood',
      source: null,
      target: { ip: '198.51.100.9', tunnel: 0 },
    });
    const event = read(findingEvent(flood));
    expect(event).not.toHaveProperty('src_ip');
    expect(event.tags).toEqual({
      asn: null,
      as_org: null,
      tcp_fingerprint: null,
      ja3: null,
      ja4: null,
      allowlisted: false,
      blocked: false,
      tool: [],
    });
  });

  it('tells tunnels apart', () => {
    const source = { ip: '203.0.113.7', tunnel: 77 };
    expect(read(findingEvent(makeFinding({ source }))).finding.evidence.tunnel).toBe(77);
    expect(read(findingEvent(makeFinding({}))).finding.evidence).not.toHaveProperty('tunnel');
  });

  it.each([
    ['tcp', 'TCP'],
    ['icmp', 'ICMP'],
    ['ipv6-icmp', 'IPv6-ICMP'],
    ['sctp', 'SCTP'],
    ['41', '041'],
    ['200', '200'],
  ])('prints protocol %s as Suricata does: %s', (proto, printed) => {
    expect(read(findingEvent(makeFinding({ proto }))).proto).toBe(printed);
  });

  it('is the same text whatever the order a detector built its evidence in', () => {
    const text = (evidence: Record<string, unknown>): string =>
      eveLine(findingEvent(makeFinding({ evidence })));
    expect(text({ a: 1, b: [{ d: 1, c: 2 }] })).toBe(text({ b: [{ c: 2, d: 1 }], a: 1 }));
  });

  it('bounds the lists it prints', () => {
    const activity = makeActivity({
      targets: hosts('198.51.100.', 1, 200),
      fingerprints: Array.from({ length: 9 }, () => NMAP_SYN),
      ports: hosts('', 1, 90).map((port) => ({ proto: 'tcp', port: Number(port), hits: 1 })),
    });
    const event = read(findingEvent(makeFinding({ activity })));
    expect(event.finding.evidence.activity.targets).toHaveLength(20);
    expect(event.finding.evidence.activity.fingerprints).toHaveLength(4);
    expect(event.finding.evidence.activity).toMatchObject({ hosts: 200, ports: 90 });
  });
});

describe('eve: alert', () => {
  it("has Suricata's shape", async () => {
    const event = read(
      alertEvent(makeFinding({ kind: 'port_scan', target: { ip: '198.51.100.9', tunnel: 0 } })),
    );
    await expect(`${JSON.stringify(event, null, 2)}\n`).toMatchFileSnapshot('golden/alert.json');
  });

  it.each(KINDS)('has a signature for %s', (kind) => {
    expect(read(alertEvent(makeFinding({ kind }))).alert.signature_id).toBe(SIGNATURES[kind].id);
  });

  it('gives every kind its own id, from 9000001', () => {
    const ids = KINDS.map((kind) => SIGNATURES[kind].id).sort();
    expect(ids).toEqual(KINDS.map((_, index) => 9000001 + index));
  });
});

describe('eve: incident', () => {
  it('prints everything section 4 of the design names', async () => {
    const event = read(incidentEvent(makeIncident()));
    await expect(`${JSON.stringify(event, null, 2)}\n`).toMatchFileSnapshot('golden/incident.json');
  });

  it('prints what is unknown as null or empty', () => {
    const bare: Partial<Incident> = {
      recipe: null,
      tools: [],
      exposed: [],
      actors: [{ ip: '203.0.113.7', role: 'operator' }],
    };
    expect(read(incidentEvent(makeIncident(bare))).incident).toMatchObject({
      recipe: null,
      tools: [],
      exposed: [],
      actors: [{ fingerprint: null }],
    });
  });
});

describe('eve: stats', () => {
  it('nests counters by room and by dot', () => {
    const event = read(
      statsEvent(TEST_TIME_US, {
        capture: { frames: 5, 'anomaly.ipv4_checksum': 2, 'anomaly.tcp_truncated': 0 },
        transport: { rejected: 1, 'rejected.batch-invalid': 1 },
        correlate: {},
      }),
    );
    expect(event.stats).toEqual({
      capture: { frames: 5, anomaly: { ipv4_checksum: 2, tcp_truncated: 0 } },
      transport: { rejected: 1, 'rejected.batch-invalid': 1 },
      correlate: {},
    });
  });
});

describe('eve: schema', () => {
  it('refuses what no event has', () => {
    const event = JSON.parse(eveLine(findingEvent(makeFinding())));
    expect(validate({ ...event, extra: 1 })).toBe(false);
    expect(validate({ ...event, finding: { ...event.finding, kind: 'unheard_of' } })).toBe(false);
    expect(validate({ ...event, timestamp: '2026-11-24T03:25:42Z' })).toBe(false);
    expect(validate({ ...event, tags: undefined })).toBe(false);
  });
});
