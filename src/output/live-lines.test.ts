import { describe, expect, it } from 'vitest';
import {
  makeActivity,
  makeFinding,
  tcpPorts,
  TEST_TIME_US,
} from '../../packages/plugin-api/src/testkit/findings.js';
import { LiveLines } from './live-lines.js';
import { makeIncident } from './testkit/incidents.js';
import { KERNEL_LOSS } from './testkit/operational.js';

const SCAN = makeActivity({
  ports: tcpPorts([443, 22], 100),
  tools: [{ name: 'masscan', confidence: 0.97 }],
});

describe('live lines', () => {
  it('give each event one line', async () => {
    const live = new LiveLines(false);
    const target = { ip: '198.51.100.9', tunnel: 0 };
    const lines = [
      live.status(TEST_TIME_US, { capture: { frames: 1234 } }),
      live.finding(makeFinding({ activity: SCAN })),
      live.finding(makeFinding({ kind: 'port_scan', target, count: 1000 })),
      live.finding(
        makeFinding({ kind: 'syn_flood', source: null, target, count: 48_211, exact: false }),
      ),
      live.incident(makeIncident({ state: 'opened' })),
      live.status(TEST_TIME_US + 10e6, {
        capture: { frames: 11_234 },
        correlate: { incidents_open: 1 },
      }),
      live.status(TEST_TIME_US + 20e6, { capture: { frames: 11_235, dropped: 17 } }),
      live.finding(makeFinding({ state: 'ended' })),
      live.incident(makeIncident()),
      live.status(TEST_TIME_US + 30e6, { capture: { frames: 11_235, dropped: 17 } }),
      live.operational(KERNEL_LOSS),
      live.operational({ ...KERNEL_LOSS, state: 'ended', durationMs: 250_000 }),
    ];
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('golden/live.txt');
  });

  it('say how many hosts a flood has', () => {
    const flood = {
      kind: 'syn_flood',
      source: null,
      target: null,
      evidence: { hosts: 256 },
    } as const;
    expect(new LiveLines(false).finding(makeFinding(flood))).toContain(
      'noise     syn_flood  many sources -> 256 hosts, ',
    );
  });

  it('say at least how many, when not all were told apart', () => {
    const evidence = { hosts: 4096, hosts_exact: false };
    const flood = { kind: 'syn_flood', source: null, target: null, evidence } as const;
    expect(new LiveLines(false).finding(makeFinding(flood))).toContain('-> at least 4,096 hosts, ');
  });

  it('say what was lost while a finding was made', () => {
    const refused = { truncated: 0, sourcesRefused: 0, sketchesRefused: 0, singlesFolded: 0 };
    const coverage = { seconds: 1, packets: 900, dropped: 40, ...refused };
    const line = new LiveLines(false).finding(makeFinding({ coverage }));
    expect(line).toMatch(/, 40 packets lost meanwhile$/);
  });

  it('say nothing of packets where none can be seen', () => {
    const line = new LiveLines(false).status(TEST_TIME_US, { correlate: { incidents_open: 0 } });
    expect(line).toMatch(/quiet +no scan$/);
  });

  it.each([
    ['slow_scan', '12 failed contacts'],
    ['version_scan', '12 services'],
    ['decoy_scan', '12 sources'],
    ['os_detection', '12 OS probes'],
    ['bad_checksum', '12 packets'],
  ] as const)('say what a %s counts', (kind, counted) => {
    const line = new LiveLines(false).finding(makeFinding({ kind, count: 12 }));
    expect(line).toContain(`, ${counted} in `);
  });

  it('never let text from the wire reach the terminal', () => {
    const live = new LiveLines(false);
    const evil = '\u001b[2J\nx';
    const lines = [
      live.finding(
        makeFinding({
          source: { ip: evil, tunnel: 0 },
          target: { ip: evil, tunnel: 0 },
          activity: { ...SCAN, tools: [{ name: evil, confidence: 1 }] },
        }),
      ),
      live.incident(
        makeIncident({
          actors: [{ ip: evil, role: 'operator' }],
          tools: [{ name: evil, confidence: 1 }],
        }),
      ),
    ];
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about.
    for (const line of lines) expect(line).not.toMatch(/[\u0000-\u001f]/);
  });

  it('colour only when asked to', () => {
    expect(new LiveLines(true).finding(makeFinding())).toContain('\u001b[');
    expect(new LiveLines(false).finding(makeFinding())).not.toContain('\u001b[');
  });
});
