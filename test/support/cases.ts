/**
 * Captures that the tests of judging go through: the golden ones, the bundled one, a busy link, and
 * scans that take longer than the minute that counts are kept for.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { MIXED_DEFAULTS, writeMixed } from '../generate/mixed.js';
import { PcapWriter } from '../generate/pcap-writer.js';
import { SCAN_DEFAULTS, type ScanParameters } from '../generate/scan.js';
import { firstPorts, scanFile } from './scan-file.js';

export interface Case {
  name: string;
  home: string[];
  path: string;
}

const GOLDEN = 'test/golden';

/** `folder` takes what is generated. */
export function judgedCases(folder: string): Case[] {
  const golden = readdirSync(GOLDEN)
    .filter((name) => existsSync(join(GOLDEN, name, 'input.pcap.gz')))
    .map((name) => ({
      name,
      home: parse(readFileSync(join(GOLDEN, name, 'config.yaml'), 'utf8')).home_nets,
      path: join(GOLDEN, name, 'input.pcap.gz'),
    }));
  const bundled = {
    name: 'masscan, then nmap',
    home: ['198.51.100.0/24', '198.18.4.0/22', '2001:db8:100::/64', 'fd01::/64'],
    path: 'test/captures/pipeline.pcap.gz',
  };
  const lasting = LASTING.map(([name, changes]) => lastingScan(folder, name, changes));
  return [...golden, busyLink(folder), bundled, ...lasting];
}

const LASTING: [name: string, changes: Partial<ScanParameters>][] = [
  ['a long sweep', { home: '10.10.0.0/20', ports: [22], packetCount: 3_000 }],
  ['many ports of few hosts, for long', { home: '10.10.0.8/29', ports: firstPorts(600) }],
];

function lastingScan(folder: string, name: string, changes: Partial<ScanParameters>): Case {
  const path = scanFile(folder, name, { packetCount: 4_800, ratePerSecond: 30, ...changes });
  return { name, home: [SCAN_DEFAULTS.home], path };
}

/** A busy link with scanners, small windows: everything that overflows does. */
function busyLink(folder: string): Case {
  const path = join(folder, 'mixed.pcap');
  const writer = new PcapWriter(path);
  writeMixed(writer, { ...MIXED_DEFAULTS, packetCount: 60_000, ratePerSecond: 3000 });
  writer.close();
  return { name: 'a busy link', home: [MIXED_DEFAULTS.home], path };
}
