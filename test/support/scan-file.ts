/** Generated scans as capture files, and what is in them: plain Ethernet, IPv4 and TCP. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PcapWriter } from '../generate/pcap-writer.js';
import { SCAN_DEFAULTS, type ScanParameters, writeScan } from '../generate/scan.js';

const FILE_HEADER_SIZE = 24;
const RECORD_HEADER_SIZE = 16;
const IP_AT = 14;
const TCP_AT = IP_AT + 20;

export interface Segment {
  source: number;
  sourcePort: number;
  target: number;
  targetPort: number;
  flags: number;
}

/** Ports from 1 on. */
export function firstPorts(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at + 1);
}

/** Writes a scan into the folder; returns its path. */
export function scanFile(folder: string, name: string, changes: Partial<ScanParameters>): string {
  const path = join(folder, `${name.replaceAll('/', '')}.pcap`);
  const writer = new PcapWriter(path);
  writeScan(writer, { ...SCAN_DEFAULTS, ...changes });
  writer.close();
  return path;
}

/** Read here, by nothing of the program that is tested. */
export function* segmentsOf(path: string): Generator<Segment> {
  const file = readFileSync(path);
  for (let at = FILE_HEADER_SIZE; at < file.length; ) {
    const frame = at + RECORD_HEADER_SIZE;
    yield {
      source: file.readUInt32BE(frame + IP_AT + 12),
      sourcePort: file.readUInt16BE(frame + TCP_AT),
      target: file.readUInt32BE(frame + IP_AT + 16),
      targetPort: file.readUInt16BE(frame + TCP_AT + 2),
      flags: file[frame + TCP_AT + 13],
    };
    at = frame + file.readUInt32LE(at + 8);
  }
}
