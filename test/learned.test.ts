/**
 * What an operator learned is told whole, however much more was tried than fits any list: each open
 * service that answered in sight, counted here from the frames themselves.
 */
import { describe, expect, it } from 'vitest';
import type { ScanParameters } from './generate/scan.js';
import { builtObservers, runPicket } from './support/picket.js';
import { firstPorts, scanFile, segmentsOf } from './support/scan-file.js';
import { scratchFolder } from './support/scratch.js';

const scratch = scratchFolder();

/** More targets than an epoch lists, more ports of a target, more pairs than a window. */
const SCANS: Record<string, Partial<ScanParameters>> = {
  'a sweep of one port': { home: '10.10.0.0/19', ports: [443], ratePerSecond: 6_000 },
  'all ports of one host': { home: '10.10.0.5/32', ports: firstPorts(7_000), ratePerSecond: 5_000 },
  'a block, slowly': { home: '10.10.0.0/26', ports: firstPorts(120), ratePerSecond: 300 },
};
const PACKETS = 7_000;

const SYN_ACK = 0x12;

/** `address:port` of all that sent a SYN-ACK. */
function openServices(path: string): Set<string> {
  const found = new Set<string>();
  for (const { source, sourcePort, flags } of segmentsOf(path)) {
    if (flags !== SYN_ACK) continue;
    const address = [24, 16, 8, 0].map((bits) => (source >>> bits) & 0xff).join('.');
    found.add(`${address}:${sourcePort}`);
  }
  return found;
}

describe.each(builtObservers)('what was learned, by the %s observer', (observer) => {
  it.each(Object.entries(SCANS))('is told whole of %s', (name, changes) => {
    const path = scanFile(scratch, name, { answerShare: 0.4, packetCount: PACKETS, ...changes });
    const truth = openServices(path);
    expect(truth.size).toBeGreaterThan(400);
    const words = ['read', path, '--home', '10.10.0.0/16', '--json', '--observer', observer];
    const { events, status } = runPicket(words);
    expect(status).toBe(0);
    const { incident } = events.filter((event) => event.event_type === 'incident').at(-1) ?? {};
    expect(incident?.state).toBe('closed');
    const told = incident?.exposed.map(({ ip, port }) => `${ip}:${port}`) ?? [];
    expect(new Set(told)).toEqual(truth);
    expect(incident?.exposed_scope).toEqual({
      services: truth.size,
      hosts: new Set([...truth].map((service) => service.split(':')[0])).size,
      complete: true,
    });
  });
});
