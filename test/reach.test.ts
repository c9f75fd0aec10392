/**
 * How much an operator tried is told as it was, however long the scan took and whatever list,
 * minute or epoch it outgrew. The truth is counted here from the frames themselves.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PcapWriter } from './generate/pcap-writer.js';
import { SCAN_DEFAULTS, type ScanParameters, writeScan } from './generate/scan.js';
import { builtObservers, runPicket } from './support/picket.js';
import { firstPorts, scanFile, segmentsOf } from './support/scan-file.js';
import { scratchFolder } from './support/scratch.js';

const scratch = scratchFolder();

/** Each takes longer than the minute that counts are kept for, but for the first three. */
const SCANS: Record<string, Partial<ScanParameters>> = {
  'all ports of a host, within a minute': { home: '10.10.0.5/32', ports: firstPorts(65_535) },
  'a thousand ports of a host, at once': { home: '10.10.0.5/32', ports: firstPorts(1_000) },
  'three hundred ports of a /26': { home: '10.10.0.0/26', ports: firstPorts(300) },
  'a /17': { home: '10.10.0.0/17', ports: [445], ratePerSecond: 250 },
  'a /20, slower than lists fill': { home: '10.10.0.0/20', ports: [22], ratePerSecond: 8 },
  'most ports of a host': { home: '10.10.0.5/32', ports: firstPorts(30_000), ratePerSecond: 300 },
  'a block': { home: '10.10.0.0/25', ports: firstPorts(200), ratePerSecond: 200 },
};
/** Three standard errors of what is estimated. */
const NEAR = 0.025;

const SYN = 0x02;

/** Every pair once, but for those whose place an answer takes. */
function write(name: string, changes: Partial<ScanParameters>): string {
  const parameters = { ...SCAN_DEFAULTS, ratePerSecond: 5_000, answerShare: 0.01, ...changes };
  const hosts = 2 ** (32 - Number(parameters.home.split('/')[1]));
  return scanFile(scratch, name, { ...parameters, packetCount: hosts * parameters.ports.length });
}

/** Distinct targets, ports and both of all SYNs. */
function tried(path: string) {
  const hosts = new Set<number>();
  const services = new Set<number>();
  const pairs = new Set<number>();
  for (const { target, targetPort, flags } of segmentsOf(path)) {
    if (flags !== SYN) continue;
    hosts.add(target);
    services.add(targetPort);
    pairs.add(target * 65_536 + targetPort);
  }
  return { hosts: hosts.size, ports: services.size, pairs: pairs.size };
}

describe.each(builtObservers)('how much was tried, by the %s observer', (observer) => {
  it.each(Object.entries(SCANS))('is told of %s', (name, changes) => {
    const path = write(name, changes);
    const truth = tried(path);
    const words = ['read', path, '--home', '10.10.0.0/16', '--json', '--observer', observer];
    const { events, status } = runPicket(words);
    expect(status).toBe(0);
    const closed = events.filter(({ incident }) => incident?.state === 'closed');
    expect(closed).toHaveLength(1);
    const { hosts, ports: services, pairs, exact } = closed[0].incident?.scope ?? {};
    // Ports are never estimated, nor is anything while the targets are few.
    expect(services).toBe(truth.ports);
    if (truth.hosts <= 256) expect(hosts).toBe(truth.hosts);
    expect(exact).toBe(truth.hosts <= 64);
    if (exact) expect({ hosts, ports: services, pairs }).toEqual(truth);
    expect(Math.abs(Number(hosts) / truth.hosts - 1)).toBeLessThan(NEAR);
    expect(Math.abs(Number(pairs) / truth.pairs - 1)).toBeLessThan(NEAR);
  });
});

describe('a scan that goes on after twelve minutes', () => {
  const path = join(scratch, 'halves.pcap');
  const writer = new PcapWriter(path);
  const home = '10.10.0.5/32';
  const half = {
    ...SCAN_DEFAULTS,
    scanner: 'hping3' as const,
    home,
    answerShare: 0,
    packetCount: 150,
  };
  writeScan(writer, { ...half, ports: firstPorts(150) });
  // Somebody else's packets move the time meanwhile.
  for (let minute = 1; minute < 12; minute++) {
    const startUs = half.startUs + minute * 60_000_000;
    writeScan(writer, { ...half, source: '203.0.113.9', ports: [80], packetCount: 1, startUs });
  }
  const later = { startUs: half.startUs + 720_000_000, ports: firstPorts(300).slice(150) };
  writeScan(writer, { ...half, ...later });
  writer.close();

  it.each([
    { idleS: 600, scopes: [150, 150] },
    { idleS: 900, scopes: [300] },
  ])('is told as $scopes ports where incidents wait $idleS s', ({ idleS, scopes }) => {
    const config = join(scratch, `idle-${idleS}.yaml`);
    writeFileSync(config, `correlate:\n  idle_s: ${idleS}\n`);
    const words = ['read', path, '--home', '10.10.0.0/16', '--json', '--config', config];
    const closed = runPicket(words).events.filter(({ incident }) => incident?.state === 'closed');
    const told = closed.map(({ incident }) => incident?.scope);
    expect(told.map((scope) => scope?.ports)).toEqual(scopes);
    expect(told.every((scope) => scope?.exact)).toBe(true);
  });
});
