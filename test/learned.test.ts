/**
 * What an operator learned is told whole, however much more was tried than fits any list: each open
 * service that answered in sight, counted here from the frames themselves.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PcapWriter } from './generate/pcap-writer.js';
import { SCAN_DEFAULTS, type ScanParameters, writeScan } from './generate/scan.js';
import { builtObservers, runPicket } from './support/picket.js';
import { scratchFolder } from './support/scratch.js';

const scratch = scratchFolder();
const ports = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);

/** More targets than an epoch lists, more ports of a target, more pairs than a window. */
const SCANS: Record<string, Partial<ScanParameters>> = {
  'a sweep of one port': { home: '10.10.0.0/19', ports: [443], ratePerSecond: 6_000 },
  'all ports of one host': { home: '10.10.0.5/32', ports: ports(7_000), ratePerSecond: 5_000 },
  'a block, slowly': { home: '10.10.0.0/26', ports: ports(120), ratePerSecond: 300 },
};
const PACKETS = 7_000;

function write(name: string, changes: Partial<ScanParameters>): string {
  const path = join(scratch, `${name}.pcap`);
  const writer = new PcapWriter(path);
  const own = { answerShare: 0.4, packetCount: PACKETS };
  writeScan(writer, { ...SCAN_DEFAULTS, ...own, ...changes });
  writer.close();
  return path;
}

const FILE_HEADER_SIZE = 24;
const RECORD_HEADER_SIZE = 16;
const IP_AT = 14;
const TCP_AT = IP_AT + 20;
const SYN_ACK = 0x12;

/** `address:port` of all that sent a SYN-ACK, in a capture of plain Ethernet and IPv4. */
function openServices(path: string): Set<string> {
  const file = readFileSync(path);
  const found = new Set<string>();
  for (let at = FILE_HEADER_SIZE; at < file.length; ) {
    const size = file.readUInt32LE(at + 8);
    const frame = file.subarray(at + RECORD_HEADER_SIZE, at + RECORD_HEADER_SIZE + size);
    if (frame[TCP_AT + 13] === SYN_ACK) {
      const address = [...frame.subarray(IP_AT + 12, IP_AT + 16)].join('.');
      found.add(`${address}:${frame.readUInt16BE(TCP_AT)}`);
    }
    at += RECORD_HEADER_SIZE + size;
  }
  return found;
}

describe.each(builtObservers)('what was learned, by the %s observer', (observer) => {
  it.each(Object.entries(SCANS))('is told whole of %s', (name, changes) => {
    const path = write(name, changes);
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
