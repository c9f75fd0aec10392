/** The smallest sweeps, port scans and studies of a host that are caught. */
import { icmpFrame } from '../generate/frames.js';
import type { TimedFrame } from '../generate/pcap-writer.js';
import { SCANNERS, type ScannerName } from '../generate/scanners.js';
import {
  echo,
  hello,
  ipProtocolProbe,
  member,
  nmapProbe,
  one,
  refusedSyn,
  said,
  scannerSyn,
  sctpInit,
  SOURCE,
  spread,
  systemSyn,
  target,
  text,
  udpProbe,
} from './probes.js';
import {
  FIVE_MINUTES,
  HOUR,
  MINUTE,
  MINUTE_MISSED,
  type SmallestScan,
  TEN_MINUTES,
} from './scan.js';

export const BREADTH: SmallestScan[] = [
  sweep('SYN sweep by an operating system’s stack (nmap -sT, a script)', (index, timeUs) =>
    one(timeUs, systemSyn(target(index), 445)),
  ),
  sweep('SYN sweep over IPv6', (index, timeUs) =>
    one(timeUs, systemSyn(`2001:db8:100::${(index + 1).toString(16)}`, 445, '2001:db8:9::7')),
  ),
  sweep('UDP sweep', (index, timeUs) => one(timeUs, udpProbe(target(index), 161))),
  sweep('Ping sweep, all answer', (index, timeUs) => echo(timeUs, target(index))),
  sweep('SCTP INIT sweep', (index, timeUs) => one(timeUs, sctpInit(target(index), 36_412))),
  {
    technique: 'Block of hosts by a block of ports, refused',
    unit: '(host, port) pairs',
    atLeast: 250,
    overS: MINUTE,
    tooSlowS: MINUTE_MISSED,
    kind: 'random_scan',
    frames: (count, overS) =>
      spread(count, overS, (index, timeUs) =>
        refusedSyn(timeUs, target(index % 20), 1 + Math.floor(index / 20)),
      ),
  },
  ...(['masscan-1.3', 'masscan-2023', 'zmap-2.1', 'zmap-3.0', 'zmap-4.1', 'mirai'] as const).map(
    marked,
  ),
  {
    technique: 'nmap -sS -T0: a raw probe every five minutes',
    unit: 'ports or hosts',
    atLeast: 10,
    overS: 2700,
    kind: 'scanner_signature',
    frames: (count, overS) =>
      spread(count, overS, (index, timeUs) =>
        one(timeUs, scannerSyn('nmap-syn', target(index), 100 + index)),
      ),
  },
  divided('SYN sweep', 'distributed_address_scan', 'hosts', (index) => [target(index), 3389]),
];

const SCRIPT = text(
  'GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: Mozilla/5.0 (compatible; Nmap Scripting Engine; ' +
    'https://nmap.org/book/nse.html)\r\n\r\n',
);
const BROWSER = text('GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: Mozilla/5.0 (X11; Linux)\r\n\r\n');

/** Window scale, NOP, MSS, time stamp 0xffffffff, SACK permitted (osscan2.cc). */
const OS_OPTIONS = Uint8Array.from(Buffer.from('03030a0102040109080affffffff000000000402', 'hex'));
const OS_PROBES: readonly (() => Uint8Array)[] = [
  () => nmapProbe({ destinationPort: 22, flags: '', window: 128, options: OS_OPTIONS }),
  () => nmapProbe({ destinationPort: 22, flags: 'SFPU', window: 256, options: OS_OPTIONS }),
  () => {
    const rest = Uint8Array.of(0x12, 0x34, 0x01, 0x27);
    const payload = new Uint8Array(120);
    return icmpFrame({ source: SOURCE, destination: target(0), type: 8, code: 9, rest, payload });
  },
];

export const DEPTH: SmallestScan[] = [
  ports('SYN or connect scan of one host, refused', (index, timeUs) =>
    refusedSyn(timeUs, target(0), 1 + index),
  ),
  ports('SYN scan of a silent host', (index, timeUs) =>
    one(timeUs, systemSyn(target(0), 1 + index)),
  ),
  ports('UDP scan', (index, timeUs) => one(timeUs, udpProbe(target(0), 1024 + index))),
  ports('SCTP INIT scan', (index, timeUs) => one(timeUs, sctpInit(target(0), 1 + index))),
  divided('Port scan', 'distributed_port_scan', 'ports of one host', (index) => [
    target(0),
    1 + index,
  ]),
  {
    technique: 'nmap -sV: a probe that nobody else sends',
    unit: 'services',
    atLeast: 2,
    overS: TEN_MINUTES,
    kind: 'version_scan',
    frames: (count, overS) =>
      spread(count, overS, (index, timeUs) =>
        said(timeUs, target(0), 8000 + index, 40_000 + index, text('OPTIONS / RTSP/1.0\r\n\r\n')),
      ),
  },
  {
    technique: 'Nmap script: an HTTP request in the engine’s name',
    unit: 'request',
    atLeast: 1,
    overS: 1,
    kind: 'script_scan',
    frames: (count, overS) => [
      ...spread(1, 1, (_, timeUs) => said(timeUs - 1_000_000, target(0), 80, 39_999, BROWSER)),
      ...spread(count, overS, (index, timeUs) =>
        said(timeUs, target(0), 80, 40_000 + index, SCRIPT),
      ),
    ],
  },
  {
    technique: 'TLS cipher enumeration of one service, offering less than TLS 1.2',
    unit: 'different hellos',
    atLeast: 10,
    overS: 50,
    tooSlowS: 75,
    kind: 'script_scan',
    frames: (count, overS) =>
      spread(count, overS, (index, timeUs) =>
        said(timeUs, target(0), 443, 40_000 + index, hello(2 * index + 1)),
      ),
  },
  {
    technique: 'TLS cipher enumeration of two services at a time',
    unit: 'different hellos to each service',
    atLeast: 10,
    overS: 50,
    tooSlowS: 75,
    kind: 'script_scan',
    frames: (count, overS) =>
      spread(count, overS, (index, timeUs) => [
        ...said(timeUs, target(0), 443, 40_000 + index, hello(index)),
        ...said(timeUs + 100, target(0), 8443, 50_000 + index, hello(index)),
      ]),
  },
  {
    technique: 'nmap -O: probes of its series',
    unit: 'different probes',
    atLeast: 3,
    overS: TEN_MINUTES,
    kind: 'os_detection',
    frames: (count, overS) =>
      spread(count, overS, (index, timeUs) => one(timeUs, OS_PROBES[index]())),
  },
  {
    technique: 'nmap -sO: IP protocol scan',
    unit: 'protocols of one host',
    atLeast: 8,
    overS: TEN_MINUTES,
    kind: 'ip_protocol_scan',
    frames: (count, overS) =>
      spread(count, overS, (index, timeUs) => one(timeUs, ipProtocolProbe(60 + index))),
  },
];

function sweep(technique: string, turn: (index: number, timeUs: number) => TimedFrame[]) {
  return {
    technique,
    unit: 'hosts',
    atLeast: 100,
    overS: MINUTE,
    tooSlowS: MINUTE_MISSED,
    kind: 'address_scan',
    frames: (count: number, overS: number) => spread(count, overS, turn),
  } satisfies SmallestScan;
}

function ports(technique: string, turn: (index: number, timeUs: number) => TimedFrame[]) {
  return { ...sweep(technique, turn), unit: 'ports of one host', kind: 'port_scan' as const };
}

function marked(name: Exclude<ScannerName, 'nmap-syn' | 'hping3'>): SmallestScan {
  const synthetic = SCANNERS[name].synthetic ? ' (synthetic)' : '';
  return {
    technique: `Probes with the mark of ${name}${synthetic}`,
    unit: 'probes',
    atLeast: 3,
    overS: HOUR,
    kind: 'scanner_signature',
    frames: (count, overS) =>
      spread(count, overS, (index, timeUs) => one(timeUs, scannerSyn(name, target(index), 23))),
  };
}

function divided(
  technique: string,
  kind: 'distributed_address_scan' | 'distributed_port_scan',
  unit: string,
  place: (index: number) => [host: string, port: number],
): SmallestScan {
  return {
    technique: `${technique} divided among five addresses, ordinary stack`,
    unit,
    atLeast: 100,
    overS: FIVE_MINUTES,
    tooSlowS: 320,
    kind,
    frames: (count, overS) =>
      spread(count, overS, (index, timeUs) => {
        const [host, port] = place(index);
        return one(timeUs, systemSyn(host, port, member(index % 5)));
      }),
  };
}
