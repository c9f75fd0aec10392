/** A minute of a busy link with two scanners on disk, and what one process says of it. */
import { join } from 'node:path';
import { MIXED_DEFAULTS, writeMixed } from '../generate/mixed.js';
import { PcapWriter } from '../generate/pcap-writer.js';
import { canonical, runPicket } from './picket.js';

export interface BusyCapture {
  path: string;
  home: string;
  /** Findings and incidents of an undisturbed `picket read`, canonical. */
  expected: string;
}

export function busyCapture(folder: string): BusyCapture {
  const path = join(folder, 'mixed.pcap');
  const { home } = MIXED_DEFAULTS;
  const writer = new PcapWriter(path);
  writeMixed(writer, { ...MIXED_DEFAULTS, packetCount: 60_000, ratePerSecond: 1000 });
  writer.close();
  const expected = canonical(runPicket(['read', path, '--home', home, '--json']).events);
  if (!expected.includes('"event_type":"incident"')) throw new Error(`${path}: no incident`);
  return { path, home, expected };
}
