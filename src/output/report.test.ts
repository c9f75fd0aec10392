import { describe, expect, it } from 'vitest';
import {
  hosts,
  makeFinding,
  TEST_TIME_US,
} from '../../packages/plugin-api/src/testkit/findings.js';
import { Report, type ReportSummary } from './report.js';
import { makeIncident } from './testkit/incidents.js';

const target = { ip: '198.51.100.9', tunnel: 0 };

function summary(given: Partial<ReportSummary> = {}): ReportSummary {
  return {
    inputs: ['monday.pcap'],
    homeNets: ['198.51.100.0/24', '2001:db8:100::/64'],
    firstUs: TEST_TIME_US,
    lastUs: TEST_TIME_US + 325_000_000,
    sources: 4,
    damages: [],
    sections: {
      capture: { frames: 12_345, inbound: 8000, outbound: 4345, dropped: 0, truncated: 0 },
    },
    ...given,
  };
}

const plain = { color: false };

describe('report', () => {
  it('tells one incident in full, then the noise, then what was not seen', async () => {
    const report = new Report();
    report.incident(makeIncident({ state: 'opened', confidence: 0.8 }));
    report.incident(makeIncident());
    report.finding(
      makeFinding({
        kind: 'syn_flood',
        source: null,
        target,
        count: 48_211,
        exact: false,
        id: 'n1',
      }),
    );
    report.finding(
      makeFinding({
        kind: 'fan_out',
        count: 130,
        id: 'n2',
        source: { ip: '192.0.2.77', tunnel: 0 },
      }),
    );
    report.finding(
      makeFinding({
        kind: 'backscatter',
        count: 500,
        id: 'n3',
        source: { ip: '192.0.2.80', tunnel: 0 },
      }),
    );
    const text = report.render(summary(), plain);
    await expect(text).toMatchFileSnapshot('golden/report-pipeline.txt');
  });

  it.each([
    [null, 47_000, 'spoofed'],
    [null, 12, 'from 12 sources'],
    [{ ip: '203.0.113.9', tunnel: 0 }, 1, 'at 198.51.100.7'],
  ])('calls a flood spoofed only when its sources are: %j, %i', (source, sources, said) => {
    const report = new Report();
    const flood = { ip: '198.51.100.7', tunnel: 0 };
    report.finding(
      makeFinding({
        kind: 'syn_flood',
        source,
        target: flood,
        count: 48_211,
        evidence: { sources },
      }),
    );
    expect(report.render(summary(), plain)).toContain(`48,211 SYNs in 60 s, ${said}\n`);
  });

  it('counts the noise that it does not tell, however much', () => {
    const report = new Report();
    for (const state of ['started', 'ended'] as const)
      for (let n = 0; n < 1500; n++) {
        const source = { ip: `10.0.${n >> 8}.${n & 255}`, tunnel: 0 };
        report.finding(makeFinding({ kind: 'backscatter', source, state }));
      }
    expect(report.render(summary(), plain)).toContain('... and 1,492 more. ');
  });

  it('tells noise of one source once, although it turns out to be of one target', () => {
    const report = new Report();
    const finding = makeFinding({ kind: 'backscatter', target: null, count: 60 });
    report.finding(finding);
    const target = { ip: '198.51.100.9', tunnel: 0 };
    report.finding({ ...finding, state: 'ended', target, count: 900 });
    const text = report.render(summary(), plain);
    expect(text).toContain(', 900 answers in 60 s');
    expect(text).not.toContain(', 60 answers');
  });

  it('tells floods of many hosts apart', () => {
    const report = new Report();
    for (const [id, hosts] of [
      ['a', 256],
      ['b', 12],
    ] as const)
      report.finding(
        makeFinding({ id, kind: 'syn_flood', source: null, target: null, evidence: { hosts } }),
      );
    const text = report.render(summary(), plain);
    expect(text).toContain('SYN flood    256 hosts, ');
    expect(text).toContain('SYN flood    12 hosts, ');
  });

  it('is calm and complete when nothing was found', async () => {
    await expect(new Report().render(summary(), plain)).toMatchFileSnapshot(
      'golden/report-quiet.txt',
    );
  });

  it('never calls a partial view complete', async () => {
    const sections = {
      capture: {
        frames: 12_345,
        inbound: 8000,
        outbound: 4345,
        dropped: 1200,
        truncated: 3,
        sources_refused: 7,
      },
      transport: { 'rejected.batch-invalid': 2 },
      detect: { window_sources_evicted: 5 },
    };
    const damages = [
      { path: 'monday.pcap', offset: 1_048_576, reason: 'a record is 4,294,967,295 bytes long' },
    ];
    const text = new Report().render(
      summary({
        sections,
        damages,
        note: 'The native observer cannot be loaded (no addon): TypeScript reads instead.',
      }),
      plain,
    );
    await expect(text).toMatchFileSnapshot('golden/report-losses.txt');
  });

  it('says what relief leaves in the kernel, which is no loss', async () => {
    const { capture } = summary().sections;
    const sections = { capture: { ...capture, capture_relief: 1 } };
    const text = new Report().render(summary({ sections }), plain);
    await expect(text).toMatchFileSnapshot('golden/report-relief.txt');
  });

  it('claims no packet that a filter of the user left out', () => {
    const { capture } = summary().sections;
    const sections = { capture: { ...capture, capture_filter: 1 } };
    const text = new Report().render(summary({ sections }), plain);
    expect(text).toContain('Left out, as capture.filter says. No figure counts it.');
    expect(text).toContain('every other packet was looked at');
    expect(text).not.toContain('every packet was looked at');
  });

  it('orders by severity, then by confidence, and counts what it does not tell', async () => {
    const report = new Report();
    for (let index = 0; index < 25; index++) {
      report.incident(
        makeIncident({
          id: `${index}`.padStart(16, '0'),
          severity: index === 24 ? 1 : 3,
          confidence: 0.5 + index / 100,
          actors: [{ ip: `203.0.113.${index}`, role: 'operator' }],
        }),
      );
    }
    const text = report.render(summary(), plain);
    const heads = [...text.matchAll(/^(\d+)\. (\w+): (\S+)/gm)].map(
      ([, number, word, ip]) => `${number} ${word} ${ip}`,
    );
    expect(heads.slice(0, 3)).toEqual([
      '1 HIGH 203.0.113.24',
      '2 LOW 203.0.113.23',
      '3 LOW 203.0.113.22',
    ]);
    expect(heads).toHaveLength(20);
    expect(text).toContain('25 SCANS FOUND');
    expect(text).toContain('... and 5 further incidents, less severe');
  });

  it('says so when no packet touched the protected networks', () => {
    const sections = { capture: { frames: 5, inbound: 0, outbound: 0 } };
    expect(new Report().render(summary({ sections }), plain)).toMatch(
      /are they right\s+\(--home\)/,
    );
    expect(new Report().render(summary(), plain)).not.toContain('--home');
  });

  it('says so when only one direction was captured', () => {
    const sections = { capture: { frames: 5, inbound: 5, outbound: 0 } };
    expect(new Report().render(summary({ sections }), plain)).toContain(
      'No answer of the protected networks',
    );
  });

  it('stays within its width, and never lets text from the wire reach the terminal', () => {
    const evil = '\u001b[2J\u009b31m\u202e evil\nline';
    const report = new Report();
    report.incident(
      makeIncident({
        actors: [{ ip: evil, role: 'operator' }],
        tools: [{ name: evil, confidence: 1 }],
        reasons: [`+ ${evil}`],
        recipe: { command: evil, confidence: 1 },
        exposed: [{ ip: evil, port: 1, proto: evil }],
        scope: {
          ...makeIncident().scope,
          targets: [evil],
          topPorts: [{ proto: evil, port: 1, hits: 1 }],
        },
      }),
    );
    report.finding(makeFinding({ kind: 'fan_out', source: { ip: evil, tunnel: 0 } }));
    const damages = [{ path: evil, offset: 1, reason: evil }];
    const text = report.render(
      summary({ inputs: [evil], homeNets: [evil], damages, note: evil }),
      plain,
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about.
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(text.split('\n')).not.toContain('line');
  });

  it('stays within the columns it is given, from 60 to 100', () => {
    const report = new Report();
    report.incident(makeIncident());
    for (const width of [10, 60, 80, 250]) {
      const longest = Math.max(
        ...report
          .render(summary(), { color: false, width })
          .split('\n')
          .map((line) => line.length),
      );
      expect(longest).toBeLessThanOrEqual(Math.min(100, Math.max(60, width)));
    }
  });

  it('colours only when asked to, and says the same', () => {
    const report = new Report();
    report.incident(makeIncident());
    const colored = report.render(summary(), { color: true });
    expect(colored).toContain('\u001b[');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: picocolors' own sequences.
    expect(colored.replace(/\u001b\[\d+m/g, '').replace(/ +$/gm, '')).toBe(
      report.render(summary(), plain).replace(/ +$/gm, ''),
    );
  });

  it('tells more open services than are listed', async () => {
    const exposed = hosts('198.51.100.', 1, 9).map((ip) => ({ ip, port: 22, proto: 'tcp' }));
    const exposedScope = { services: 4096, hosts: 3999, complete: false };
    const report = new Report();
    report.incident(makeIncident({ exposed, exposedScope }));
    await expect(report.render(summary(), plain)).toMatchFileSnapshot(
      'golden/report-much-open.txt',
    );
  });

  it('tells a lone host, an open end, estimates and no answer', async () => {
    const report = new Report();
    report.incident(
      makeIncident({
        state: 'updated',
        phases: ['depth', 'evasion'],
        kinds: ['port_scan', 'stealth_scan'],
        severity: 1,
        tools: [],
        recipe: null,
        exposed: [],
        scope: {
          hosts: 1,
          ports: 4096,
          pairs: 4096,
          exact: false,
          topPorts: hosts('', 1, 20).map((port) => ({ proto: 'tcp', port: Number(port), hits: 1 })),
          targets: ['198.51.100.9'],
          networks: ['198.51.100.9'],
          studied: ['198.51.100.9'],
        },
        reasons: ['- nothing proves that it received our answers: the address may be spoofed'],
      }),
    );
    await expect(report.render(summary(), plain)).toMatchFileSnapshot('golden/report-one-host.txt');
  });
});
