/**
 * A stateless scanner's sweep over (target, port) pairs in scattered order, with the answers it
 * gets.
 */
import { ipv4Block, ipv4Number } from './address.js';
import { cachedCapture } from './cache.js';
import type { PcapWriter } from './pcap-writer.js';
import { mix32, Permutation } from './random.js';
import { SCANNERS, type ScannerName } from './scanners.js';
import { Tcp4, writeTcp4 } from './tcp4.js';

export interface ScanParameters {
  scanner: ScannerName;
  /** All packets, answers included. */
  packetCount: number;
  source: string;
  /** The block swept, IPv4 CIDR. */
  home: string;
  ports: number[];
  ratePerSecond: number;
  startUs: number;
  /** Share of the pairs that answer, 0 to 1; a quarter of those are open. */
  answerShare: number;
  seed: number;
}

export const SCAN_DEFAULTS: ScanParameters = {
  scanner: 'masscan-1.3',
  packetCount: 5_000_000,
  source: '203.0.113.66',
  home: '10.10.0.0/16',
  ports: Array.from({ length: 80 }, (_, index) => index + 1),
  ratePerSecond: 100_000,
  startUs: 1_795_000_000_000_000,
  answerShare: 0.02,
  seed: 1,
};

export function scanCapture(changes: Partial<ScanParameters> = {}): string {
  const parameters = { ...SCAN_DEFAULTS, ...changes };
  return cachedCapture(`scan-${parameters.scanner}`, parameters, (writer) =>
    writeScan(writer, parameters),
  );
}

const SYN_ACK = 0x12;
const RST_ACK = 0x14;
const RST = 0x04;

/**
 * Writes probes until `packetCount` frames are in the file. Starts over when every pair was probed.
 * The first source port is masscan's: 40000 and some.
 */
export function writeScan(writer: PcapWriter, parameters: ScanParameters): void {
  const { first, count } = ipv4Block(parameters.home);
  const order = new Permutation(count * parameters.ports.length, parameters.seed);
  const stack = SCANNERS[parameters.scanner];
  const gapUs = 1_000_000 / parameters.ratePerSecond;
  const answered = parameters.answerShare * 2 ** 32;
  const end = writer.packetCount + parameters.packetCount;
  const probe = new Tcp4();
  const answer = new Tcp4();
  const source = ipv4Number(parameters.source);
  for (let index = 0; writer.packetCount < end; index++) {
    const pair = order.at(index);
    const timeUs = Math.floor(parameters.startUs + index * gapUs);
    probe.source = source;
    probe.destination = first + (pair % count);
    probe.sourcePort = 40000 + (parameters.seed % 20000);
    probe.destinationPort = parameters.ports[Math.floor(pair / count)];
    stack.fill(probe, parameters.seed);
    writeTcp4(writer, timeUs, probe);
    const fate = mix32(probe.destination, probe.destinationPort);
    if (fate < answered) writeAnswer(writer, timeUs, probe, answer, fate % 4 === 0, end);
  }
}

/** The target's answer and, when it was open, the scanner's reset; never past frame `end`. */
function writeAnswer(
  writer: PcapWriter,
  timeUs: number,
  probe: Tcp4,
  answer: Tcp4,
  open: boolean,
  end: number,
): void {
  answer.source = probe.destination;
  answer.destination = probe.source;
  answer.sourcePort = probe.destinationPort;
  answer.destinationPort = probe.sourcePort;
  answer.flags = open ? SYN_ACK : RST_ACK;
  answer.sequence = open ? mix32(probe.destination, probe.sequence) : 0;
  answer.acknowledgement = (probe.sequence + 1) >>> 0;
  answer.window = open ? 64240 : 0;
  if (writer.packetCount < end) writeTcp4(writer, timeUs, answer);
  if (!open || writer.packetCount >= end) return;
  probe.flags = RST;
  probe.sequence = answer.acknowledgement;
  probe.window = 1200;
  writeTcp4(writer, timeUs, probe);
}
