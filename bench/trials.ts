/**
 * The trials, as data: what is read, who reads it, and what Picket must answer for its time to
 * count.
 */
import { BOTNET_DEFAULTS, botnetCapture, firstOfBotnet } from '../test/generate/botnet.js';
import { FLOOD_DEFAULTS, floodCapture } from '../test/generate/flood.js';
import { MIXED_DEFAULTS, mixedCapture } from '../test/generate/mixed.js';
import { SCAN_DEFAULTS, scanCapture } from '../test/generate/scan.js';
import {
  type Contender,
  LIBPCAP_LOOP,
  PICKET_NATIVE,
  PICKET_TYPESCRIPT,
  READER_ONLY,
  SURICATA,
  TCPDUMP,
} from './contenders.js';

export interface Expectation {
  kind: string;
  source: string;
}

/** Of each, the first that is given is what is asked for. */
export interface Requirement {
  contender: string;
  /** At least this share of the limit's packet rate, start-up included. */
  ratioMin?: number;
  /** The same once started: the time of a capture of one packet is taken off. */
  startedRatioMin?: number;
  /** At least this often a peer's packet rate; not asked where the peer has no figures. */
  peer?: { name: string; timesMin: number };
  packetsPerSecondMin?: number;
  peakRssMibMax?: number;
}

export interface Trial {
  name: string;
  about: string;
  capture(): string;
  packetCount: number;
  home: string;
  contenders: Contender[];
  /** Findings that must be in the output of every product run. */
  expect: Expectation[];
  requirements: Requirement[];
}

const BLOCK = {
  home: '10.10.0.0/24',
  ports: Array.from({ length: 20_480 }, (_, index) => index + 1),
};

/** What the reader alone must have of the limit: what it reads must lie well for the kernel. */
const READER_RATIO_MIN = 2;

/** What a run takes that reads next to nothing. */
export const onePacket = (): string => scanCapture({ packetCount: 1, answerShare: 0 });

export const TRIALS: Trial[] = [
  {
    name: 'startup',
    about: 'A capture of one packet: the fixed cost in every other figure.',
    capture: onePacket,
    packetCount: 1,
    home: SCAN_DEFAULTS.home,
    contenders: [PICKET_NATIVE, PICKET_TYPESCRIPT, TCPDUMP, SURICATA],
    expect: [],
    requirements: [],
  },
  {
    name: 'scan',
    about:
      'Masscan-like sweep of a /16 on 80 ports, 5 million packets of 60 bytes, 2 % answered, ' +
      '100,000 probes per second of packet time.',
    capture: () => scanCapture(),
    packetCount: SCAN_DEFAULTS.packetCount,
    home: SCAN_DEFAULTS.home,
    contenders: [PICKET_NATIVE, PICKET_TYPESCRIPT, READER_ONLY, LIBPCAP_LOOP, TCPDUMP, SURICATA],
    expect: [{ kind: 'address_scan', source: SCAN_DEFAULTS.source }],
    requirements: [
      { contender: 'picket native', ratioMin: 0.3 },
      { contender: 'picket native', startedRatioMin: 0.8 },
      { contender: 'picket native', ratioMin: 0.8 },
      { contender: 'picket native', peer: { name: 'suricata', timesMin: 40 } },
      { contender: 'picket native', peer: { name: 'tcpdump', timesMin: 1 } },
      { contender: 'picket typescript', packetsPerSecondMin: 500_000 },
      { contender: 'picket typescript', packetsPerSecondMin: 1_500_000 },
      { contender: 'own reader only', ratioMin: READER_RATIO_MIN },
    ],
  },
  {
    name: 'block',
    about:
      '20,480 ports of each of 256 hosts, 5 million packets as above: what is tried fits no ' +
      'list.',
    capture: () => scanCapture(BLOCK),
    packetCount: SCAN_DEFAULTS.packetCount,
    home: BLOCK.home,
    contenders: [PICKET_NATIVE, PICKET_TYPESCRIPT, LIBPCAP_LOOP, TCPDUMP],
    expect: [
      { kind: 'address_scan', source: SCAN_DEFAULTS.source },
      { kind: 'port_scan', source: SCAN_DEFAULTS.source },
    ],
    requirements: [{ contender: 'picket native', ratioMin: 0.15 }],
  },
  {
    name: 'mixed',
    about:
      'A busy link, 1 million packets: 95 % established TCP of realistic sizes, handshakes, DNS, ' +
      'and half a percent of probes from two scanners.',
    capture: () => mixedCapture(),
    packetCount: MIXED_DEFAULTS.packetCount,
    home: MIXED_DEFAULTS.home,
    contenders: [PICKET_NATIVE, PICKET_TYPESCRIPT, READER_ONLY, LIBPCAP_LOOP, TCPDUMP, SURICATA],
    expect: [
      { kind: 'address_scan', source: MIXED_DEFAULTS.scanners[0] },
      { kind: 'port_scan', source: MIXED_DEFAULTS.scanners[1] },
    ],
    requirements: [
      { contender: 'picket native', startedRatioMin: 0.8 },
      { contender: 'picket native', ratioMin: 0.8 },
      { contender: 'picket typescript', packetsPerSecondMin: 500_000 },
      { contender: 'own reader only', ratioMin: READER_RATIO_MIN },
    ],
  },
  {
    name: 'flood',
    about:
      'SYNs from 10 million distinct spoofed sources to one target, with one real scanner among ' +
      'them (200 targets at 20 per second). Memory is the question.',
    capture: () => floodCapture(),
    packetCount: FLOOD_DEFAULTS.sourceCount + FLOOD_DEFAULTS.scanTargets,
    home: FLOOD_DEFAULTS.home,
    contenders: [PICKET_NATIVE, PICKET_TYPESCRIPT, LIBPCAP_LOOP, SURICATA],
    expect: [{ kind: 'address_scan', source: FLOOD_DEFAULTS.scanner }],
    requirements: [
      { contender: 'picket native', peakRssMibMax: 512 },
      { contender: 'picket typescript', peakRssMibMax: 512 },
    ],
  },
  {
    name: 'botnet',
    about:
      '4,000 addresses that each scan a /25 by five ports, 2.6 million SYNs at 120,000 a second. ' +
      'All are to be found; memory is the question here too.',
    capture: () => botnetCapture(),
    packetCount: BOTNET_DEFAULTS.sourceCount * 128 * BOTNET_DEFAULTS.ports.length,
    home: BOTNET_DEFAULTS.home,
    contenders: [PICKET_NATIVE, PICKET_TYPESCRIPT, LIBPCAP_LOOP],
    expect: [{ kind: 'address_scan', source: firstOfBotnet(BOTNET_DEFAULTS) }],
    requirements: [
      { contender: 'picket native', peakRssMibMax: 512 },
      { contender: 'picket typescript', peakRssMibMax: 512 },
    ],
  },
];
