import { describe, expect, it } from 'vitest';
import type { Phase } from '../../packages/plugin-api/src/finding.js';
import {
  LINUX_SYN,
  makeActivity,
  makeFinding,
  NMAP_SYN,
} from '../../packages/plugin-api/src/testkit/findings.js';
import { type ConfidenceInput, explainConfidence, severityOf } from './confidence.js';

function explain(given: Partial<ConfidenceInput> = {}): { confidence: number; reasons: string[] } {
  return explainConfidence({
    best: makeFinding(),
    widest: makeActivity({ silentCount: 0 }),
    counts: { hosts: 100, ports: 1, pairs: 100, exact: true },
    exposedCount: 0,
    kinds: new Set(['address_scan']),
    phases: new Set(['breadth']),
    tools: [],
    pathProven: true,
    allowlisted: false,
    completes: false,
    ...given,
  });
}

const plain = explain();

describe('confidence', () => {
  it("begins with the detector's own judgement", () => {
    expect(plain.reasons[0]).toBe('+ address_scan: 100 in 60 s, threshold 100');
    expect(explain({ best: makeFinding({ confidence: 0.3 }) }).reasons[0]).toMatch(
      /^- address_scan/,
    );
  });

  it.each<[string, RegExp, Partial<ConfidenceInput>]>([
    [
      'a raw SYN',
      /^\+ SYN of no operating system/,
      { widest: makeActivity({ silentCount: 0, fingerprints: [NMAP_SYN] }) },
    ],
    [
      'a mark',
      /^\+ packets carry the mark of masscan/,
      { tools: [{ name: 'masscan', confidence: 0.95 }] },
    ],
    [
      'failing outcomes',
      /^\+ 100 % of what it tried was closed/,
      { widest: makeActivity({ closedCount: 100, silentCount: 0 }) },
    ],
    [
      'failing outcomes, but for one in a thousand',
      /^\+ 99 % of what it tried was closed/,
      { widest: makeActivity({ closedCount: 999, silentCount: 0, openCount: 1 }) },
    ],
    [
      'several phases',
      /^\+ several phases: breadth, depth$/,
      { phases: new Set<Phase>(['breadth', 'depth']) },
    ],
    [
      'several kinds',
      /^\+ several kinds/,
      { kinds: new Set(['address_scan', 'random_scan'] as const) },
    ],
  ])('is raised by %s', (_, reason, given) => {
    const { confidence, reasons } = explain(given);
    expect(confidence).toBeGreaterThan(plain.confidence);
    expect(reasons).toContainEqual(expect.stringMatching(reason));
  });

  it.each<[string, RegExp, Partial<ConfidenceInput>]>([
    [
      'connections that carry data',
      /^- 80 % of its connections completed/,
      { widest: makeActivity({ servedCount: 80, silentCount: 0 }) },
    ],
    ['an unproven path', /^- nothing proves that it received/, { pathProven: false }],
    ['the allowlist', /^- the source is on the allowlist/, { allowlisted: true }],
    ['a fan_out of the same source', /^- also reported as fan_out/, { completes: true }],
  ])('is lowered by %s', (_, reason, given) => {
    const { confidence, reasons } = explain(given);
    expect(confidence).toBeLessThan(plain.confidence);
    expect(reasons).toContainEqual(expect.stringMatching(reason));
  });

  it("takes an operating system's SYN for no reason", () => {
    expect(
      explain({ widest: makeActivity({ silentCount: 0, fingerprints: [LINUX_SYN] }) }),
    ).toEqual(plain);
  });

  it('is never certain', () => {
    const all = explain({
      best: makeFinding({ confidence: 1, count: 5000 }),
      tools: [{ name: 'masscan', confidence: 1 }],
      widest: makeActivity({ fingerprints: [NMAP_SYN] }),
      phases: new Set<Phase>(['breadth', 'depth', 'evasion']),
    });
    expect(all.confidence).toBe(0.99);
    expect(
      explain({
        best: makeFinding({ confidence: 0 }),
        widest: null,
        allowlisted: true,
        completes: true,
      }).confidence,
    ).toBeGreaterThanOrEqual(0.01);
  });
});

describe('severity', () => {
  it.each<[Phase[], number, number]>([
    [['breadth'], 0, 3],
    [['breadth'], 2, 2],
    [['depth'], 0, 2],
    [['evasion'], 0, 2],
    [['breadth', 'depth'], 0, 1],
    [['evasion', 'depth'], 0, 1],
    [['side_channel'], 0, 1],
    [['deception'], 0, 1],
  ])('of phases %s with %i exposed services is %i', (phases, exposed, severity) => {
    expect(severityOf(new Set(phases), exposed)).toBe(severity);
  });
});
