/** What a scan leaves behind when its minute is over: no second scan of another kind. */
import { describe, expect, it } from 'vitest';
import type { TimedFrame } from './generate/pcap-writer.js';
import { HOME_NETS, scannerSyn, SOURCE, systemSyn, target } from './smallest/probes.js';
import { configOf, findingsOfFrames } from './support/in-process.js';

const START_US = 1_795_000_000_000_000;
const SECOND_US = 1_000_000;
const HOSTS = 250;
const PORTS = 8;

/** 2,000 pairs in one second: more than are listed. */
function sweep(): TimedFrame[] {
  return Array.from({ length: HOSTS * PORTS }, (_, index) => ({
    timeUs: START_US + index * 400,
    frame: scannerSyn('masscan-1.3', target(index % HOSTS), 1000 + Math.floor(index / HOSTS)),
  }));
}

/** One packet of `source` every `everyS` seconds, up to three minutes later. */
function strays(source: string, everyS: number): TimedFrame[] {
  return Array.from({ length: Math.floor(180 / everyS) }, (_, index) => ({
    timeUs: START_US + (index + 1) * everyS * SECOND_US,
    frame: systemSyn(target(0), 443, source),
  }));
}

describe('a sweep of more pairs than are listed', () => {
  it.each([
    ['and then silence', strays('203.0.113.77', 1)],
    ['and then a packet now and again', strays(SOURCE, 9)],
  ])('%s is one address scan', (_name, later) => {
    const frames = [...sweep(), ...later].sort((a, b) => a.timeUs - b.timeUs);
    const findings = findingsOfFrames(frames, configOf({ home_nets: HOME_NETS }));
    const kinds = new Set(findings.map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(['address_scan', 'scanner_signature']);
    for (const { firstSeenUs, lastSeenUs } of findings) {
      expect(firstSeenUs).toBeGreaterThanOrEqual(START_US);
      expect(lastSeenUs).toBeGreaterThanOrEqual(firstSeenUs);
    }
  });
});
