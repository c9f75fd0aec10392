/** The smallest evasions, slow scans and uses of a third party that are caught. */
import type { Kind } from '../../packages/plugin-api/src/index.js';
import type { TimedFrame } from '../generate/pcap-writer.js';
import {
  fragmentedSyn,
  member,
  nmapProbe,
  one,
  refusedSyn,
  scannerSyn,
  SOURCE,
  spread,
  systemSyn,
  target,
} from './probes.js';
import { idleTargetFrames, zombieFrames } from './idle.js';
import { DAY, HOUR, type SmallestScan, TEN_MINUTES } from './scan.js';

export const EVASION: SmallestScan[] = [
  ...(
    [
      ['nmap -sF: FIN scan', 'F', {}],
      ['nmap -sN: NULL scan', '', {}],
      ['nmap -sX: Xmas scan', 'FPU', {}],
      ['nmap -sM: Maimon scan', 'FA', { sequence: 0, acknowledgement: 0x5eed5eed }],
      ['nmap -sA, -sW: ACK and window scan', 'A', { sequence: 0, acknowledgement: 0x5eed5eed }],
    ] as const
  ).map(([technique, flags, fields]) =>
    evasion('stealth_scan', technique, 'ports or hosts', 5, TEN_MINUTES, (index, timeUs) =>
      one(timeUs, nmapProbe({ destinationPort: 1 + index, flags, ...fields })),
    ),
  ),
  evasion('bad_checksum', 'nmap --badsum', 'probes', 5, TEN_MINUTES, (index, timeUs) =>
    one(timeUs, nmapProbe({ destinationPort: 1 + index, checksumError: -256 })),
  ),
  evasion('bad_checksum', 'Other wrong checksums', 'probes', 5, TEN_MINUTES, (index, timeUs) =>
    one(timeUs, nmapProbe({ destinationPort: 1 + index, checksumError: 77 })),
  ),
  evasion('fragmented_probe', 'nmap -f: split headers', 'probes', 3, TEN_MINUTES, (index, timeUs) =>
    fragmentedSyn(1 + index).map((frame, part) => ({ timeUs: timeUs + part, frame })),
  ),
  evasion(
    'trusted_source_port',
    'nmap -g 53: SYNs from a trusted port',
    'probes',
    5,
    TEN_MINUTES,
    (index, timeUs) => one(timeUs, nmapProbe({ destinationPort: 1 + index, sourcePort: 53 })),
  ),
  evasion('decoy_scan', 'nmap -D with one decoy', 'shared probes', 3, 30, (index, timeUs) =>
    [SOURCE, member(0)].map((source, copy) => ({
      timeUs: timeUs + copy,
      frame: nmapProbe({ source, destinationPort: 1 + index, ttl: 40 + copy }),
    })),
  ),
  {
    technique: 'Slow scan by a user-space stack, spread over a day',
    unit: '(host, port) pairs that fail',
    atLeast: 20,
    overS: DAY,
    kind: 'slow_scan',
    frames: (count, overS) =>
      spread(count, overS, (index, timeUs) => one(timeUs, scannerSyn('hping3', target(index), 22))),
  },
  {
    technique: 'Slow scan by an operating system’s stack, spread over a day',
    unit: '(host, port) pairs that fail',
    atLeast: 30,
    overS: DAY,
    kind: 'slow_scan',
    frames: (count, overS) =>
      spread(count, overS, (index, timeUs) => refusedSyn(timeUs, target(index), 22)),
  },
];

export const SIDE_CHANNELS: SmallestScan[] = [
  {
    technique: 'nmap -sI through one of our hosts',
    unit: 'unasked SYN-ACKs within a second',
    atLeast: 5,
    overS: 0.4,
    kind: 'idle_scan_zombie',
    frames: zombieFrames,
  },
  {
    technique: 'nmap -sI against one of our hosts',
    unit: 'open ports within a second, each reset by the zombie',
    atLeast: 7,
    overS: 0.4,
    kind: 'idle_scan_target',
    frames: idleTargetFrames,
  },
  {
    technique: 'A probe of a configured honeyport',
    unit: 'probe',
    atLeast: 1,
    overS: 1,
    kind: 'honeyport',
    settings: { detectors: { honeyport: { ports: [31_337] } } },
    frames: (count, overS) => [
      ...spread(1, 1, (_, timeUs) => refusedSyn(timeUs - 1_000_000, target(0), 80)),
      ...spread(count, overS, (_, timeUs) => refusedSyn(timeUs, target(0), 31_337)),
    ],
  },
  {
    technique: 'Probes of addresses that never spoke, once they are learned',
    unit: 'hosts',
    atLeast: 5,
    overS: HOUR,
    kind: 'honeyport',
    settings: { dark_after_s: 60 },
    frames: (count, overS) => {
      const call = systemSyn('192.0.2.1', 443, target(0));
      const calls = spread(100, overS + 120, (_, timeUs) => one(timeUs - 120_000_000, call));
      const probes = spread(count, overS, (index, timeUs) =>
        one(timeUs, systemSyn(target(1 + index), 22)),
      );
      return [...calls, ...probes].sort((a, b) => a.timeUs - b.timeUs);
    },
  },
];

function evasion(
  kind: Kind,
  technique: string,
  unit: string,
  atLeast: number,
  overS: number,
  turn: (index: number, timeUs: number) => TimedFrame[],
): SmallestScan {
  return {
    technique,
    unit,
    atLeast,
    overS,
    kind,
    frames: (count, over) => spread(count, over, turn),
  };
}
