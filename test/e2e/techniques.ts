/** What real tools do, and what must be said of it: one source and one target each. */
import type { Laboratory } from '../support/namespaces.js';

export interface Technique {
  name: string;
  /** The command, to run outside. */
  command(source: string, target: string, laboratory: Laboratory): string[];
  /** Kinds that must be reported of the source, and no others. */
  kinds: string[];
  /** The tool ends with an error, having sent what it is here for. */
  fails?: boolean;
}

/** More than a hundred protected addresses: thirty answer, the others are silent. */
const SWEPT = '198.51.100.0/25';
/**
 * With a seed: now and then zmap 2.1.1 fails an assertion of its own (constraint_lookup_index);
 * with this one it never did in 60 runs.
 */
const ZMAP = ['zmap', '-q', '-T', '1', '-e', '7', '-r', '200', '-c', '1', '-o', '/dev/null'];
const HONEYPORT = '31337';
/** A protected address that nobody has. */
const SILENT = '198.51.100.120';
/** Outside addresses that nobody has. */
export const GHOSTS = ['203.0.113.201', '203.0.113.202'];

export const SETTINGS = `outputs: { stats_interval_s: 1 }
detectors:
  honeyport: { ports: [${HONEYPORT}] }
`;

export const TECHNIQUES: readonly Technique[] = [
  {
    name: 'masscan sweep',
    command: (source, _target, laboratory) => [
      ...['masscan', SWEPT, '-p445', '--rate', '200', '--wait', '1'],
      ...['--adapter', laboratory.outsideInterface, '--adapter-ip', source],
      ...['--router-mac', laboratory.insideMac()],
    ],
    kinds: ['address_scan', 'scanner_signature'],
  },
  {
    name: 'zmap sweep',
    command: (source, _target, laboratory) => [
      ...[...ZMAP, '-p', '445'],
      // Its own list leaves out the documentation networks, which the laboratory uses.
      ...['-b', '/dev/null', '-i', laboratory.outsideInterface, '-S', source],
      ...['-G', laboratory.insideMac(), SWEPT],
    ],
    kinds: ['address_scan', 'scanner_signature'],
  },
  {
    name: 'zmap ping sweep',
    command: (source, _target, laboratory) => [
      ...[...ZMAP, '-M', 'icmp_echoscan'],
      ...['-b', '/dev/null', '-i', laboratory.outsideInterface, '-S', source],
      ...['-G', laboratory.insideMac(), SWEPT],
    ],
    kinds: ['address_scan', 'scanner_signature'],
  },
  {
    name: 'hping3 port scan',
    command: (source, target) => ['hping3', '-S', '-a', source, '--scan', '1-120', target],
    kinds: ['port_scan'],
  },
  nmap('SYN port scan', ['-sS', '-p', '1-130'], ['port_scan', 'scanner_signature']),
  nmap('connect port scan', ['-sT', '-p', '1-130'], ['port_scan']),
  nmap(
    'UDP port scan',
    ['-sU', '-p', '1-110', '--max-retries', '0', '--min-rate', '60'],
    ['port_scan', 'scanner_signature'],
  ),
  nmap('OS detection', ['-O', '-p', '80,81'], ['os_detection']),
  nmap('version scan', ['-sV', '-p', '80,8080'], ['version_scan']),
  nmap('script scan', ['-sC', '-p', '80'], ['script_scan']),
  nmap(
    'IP protocol scan',
    ['-sO', '-p', '40-70', '--max-retries', '0'],
    ['ip_protocol_scan', 'scanner_signature'],
  ),
  stealthy('FIN scan', '-sF'),
  stealthy('NULL scan', '-sN'),
  stealthy('Xmas scan', '-sX'),
  stealthy('Maimon scan', '-sM'),
  stealthy('ACK scan', '-sA'),
  evading('wrong checksums', ['--badsum'], 'bad_checksum'),
  evading('fragments', ['-f'], 'fragmented_probe'),
  evading('source port 53', ['-g', '53'], 'trusted_source_port'),
  evading('decoys', ['-D', `${GHOSTS[0]},ME,${GHOSTS[1]}`], 'decoy_scan'),
  {
    name: 'idle scan through one of our hosts',
    // Linux is no usable zombie any more, which nmap finds out by asking it.
    command: (_source, target) => ['nmap', '-n', '-Pn', '-sI', `${target}:80`, '-p22', SILENT],
    kinds: ['idle_scan_zombie'],
    fails: true,
  },
  {
    name: 'probe of a honeyport',
    command: (source, target) => [
      ...['hping3', '-S', '-c', '1', '-a', source, '-p', HONEYPORT, target],
    ],
    kinds: ['honeyport'],
    fails: true,
  },
  nmap(
    'slow scan',
    ['-sS', '-p', '1-22', '--scan-delay', '4700ms', '--max-retries', '0'],
    ['slow_scan', 'scanner_signature'],
  ),
  {
    name: 'a client',
    command: (_source, target) => [
      ...[process.execPath, '-e', `fetch('http://${target}').then((answer) => answer.text())`],
    ],
    kinds: [],
  },
];

function nmap(name: string, options: string[], kinds: string[]): Technique {
  return {
    name: `nmap ${name}`,
    command: (_source, target) => ['nmap', '-n', '-Pn', ...options, target],
    kinds,
  };
}

function stealthy(name: string, option: string): Technique {
  const options = [option, '-p', '1-30', '--max-retries', '1'];
  return nmap(name, options, ['scanner_signature', 'stealth_scan']);
}

function evading(name: string, options: string[], kind: string): Technique {
  const ports = ['-sS', '-p', '1-30,80', '--max-retries', '1'];
  return nmap(name, [...ports, ...options], [kind, 'scanner_signature']);
}
