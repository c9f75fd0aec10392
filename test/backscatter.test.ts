/** Answers to somebody else's spoofed flood, more than any list holds: no scan of the victim's. */
import { describe, expect, it } from 'vitest';
import { tcpFrame, udpFrame } from './generate/frames.js';
import { SOURCE } from './smallest/probes.js';
import { configOf, findingsOfFrames } from './support/in-process.js';

const START_US = 1_795_000_000_000_000;
const HOME_NETS = ['10.50.0.0/16'];
const PACKETS = 4500;
const OPTIONS = Uint8Array.of(2, 4, 0x05, 0xb4);

const host = (index: number): string => `10.50.${index >> 8}.${index & 255}`;

/** Host by host, to `ports` ports of each. */
function answers(flags: string, ports: number, gapUs: number) {
  return Array.from({ length: PACKETS }, (_, index) => ({
    timeUs: START_US + index * gapUs,
    frame: tcpFrame({
      source: SOURCE,
      destination: host(Math.floor(index / ports)),
      sourcePort: 80,
      destinationPort: 1024 + index,
      flags,
      // RFC 9293 §3.10.7.1: what refuses a SYN has sequence 0.
      sequence: flags === 'SA' ? index : 0,
      acknowledgement: index,
      window: 64_240,
      ttl: 50,
      ...(flags === 'SA' && { options: OPTIONS }),
    }),
  }));
}

/** What a host of ours that lives says to a SYN-ACK it never asked for (RFC 9293 §3.10.7.1). */
function refusals(gapUs: number, ports: number) {
  return Array.from({ length: PACKETS }, (_, index) => ({
    timeUs: START_US + index * gapUs + 100,
    frame: tcpFrame({
      source: host(Math.floor(index / ports)),
      destination: SOURCE,
      sourcePort: 1024 + index,
      destinationPort: 80,
      flags: 'R',
      sequence: index,
      window: 0,
    }),
  }));
}

/** The protected side has spoken, so that its own questions would have been seen. */
const spoken = {
  timeUs: START_US - 1_000_000,
  frame: udpFrame({
    source: host(0),
    destination: '192.0.2.53',
    sourcePort: 40_000,
    destinationPort: 53,
    payload: new Uint8Array(24),
  }),
};

describe('backscatter of more hosts and ports than are listed', () => {
  it.each([
    ['SA', 30, 200],
    ['SA', 3, 200],
    ['SA', 3, 10_000],
    ['RA', 30, 200],
    ['RA', 3, 200],
    ['RA', 300, 10_000],
    ['SA', 30, 200, 'refused'],
    ['SA', 3, 10_000, 'refused'],
  ])('is no scan and no fan-out: %s to %i ports', (flags, ports, gapUs, refused?: string) => {
    const answered = answers(flags, ports, gapUs);
    const back = refused === undefined ? [] : refusals(gapUs, ports);
    const frames = [spoken, ...[...answered, ...back].sort((a, b) => a.timeUs - b.timeUs)];
    const findings = findingsOfFrames(frames, configOf({ home_nets: HOME_NETS }));
    expect([...new Set(findings.map(({ kind }) => kind))]).toEqual(['backscatter']);
    const { count, exact } = findings[findings.length - 1];
    expect(count).toBeGreaterThanOrEqual(1024);
    // What the lists had no room for is counted, or the count is not called exact.
    if (exact) expect(count).toBe(PACKETS);
    else expect(Math.abs(count - PACKETS)).toBeLessThan(0.05 * PACKETS);
  });
});
