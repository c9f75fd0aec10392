/**
 * A busy link: mostly established TCP in realistic sizes, with handshakes, closes, DNS, and a
 * little scanning. The client side is half outside (visitors of our servers), half ours (browsing).
 */
import { ipv4Block, ipv4Number, ipv4Text } from './address.js';
import { cachedCapture } from './cache.js';
import { udpFrame } from './frames.js';
import type { PcapWriter } from './pcap-writer.js';
import { Random } from './random.js';
import { LINUX_SYN, SCANNERS } from './scanners.js';
import { Tcp4, writeTcp4 } from './tcp4.js';

export interface MixedParameters {
  packetCount: number;
  home: string;
  ratePerSecond: number;
  startUs: number;
  /** Conversations open at once. */
  flowCount: number;
  /** Mean number of packets between handshake and close: 150 makes about 95 % established. */
  flowPackets: number;
  /** Shares of all packets, 0 to 1. */
  dnsShare: number;
  scanShare: number;
  scanners: string[];
  seed: number;
}

export const MIXED_DEFAULTS: MixedParameters = {
  packetCount: 1_000_000,
  home: '10.10.0.0/16',
  ratePerSecond: 50_000,
  startUs: 1_795_000_000_000_000,
  flowCount: 2000,
  flowPackets: 150,
  dnsShare: 0.006,
  scanShare: 0.005,
  scanners: ['203.0.113.66', '203.0.113.67'],
  seed: 2,
};

export function mixedCapture(changes: Partial<MixedParameters> = {}): string {
  const parameters = { ...MIXED_DEFAULTS, ...changes };
  return cachedCapture('mixed', parameters, (writer) => writeMixed(writer, parameters));
}

const ACK = 0x10;
const PSH_ACK = 0x18;
const FIN_ACK = 0x11;
/** NOP, NOP, timestamps: what Linux sends on every segment after the handshake. */
const TIMESTAMPS = Uint8Array.of(1, 1, 8, 10, 0, 1, 0x86, 0xa0, 0, 1, 0x86, 0xa0);
const NO_OPTIONS = new Uint8Array(0);
const SEGMENT_SIZE_MAX = 1448;
const SERVICES = [443, 443, 443, 443, 80, 22, 25, 993];
const OUTSIDE_FIRST = ipv4Number('198.18.0.0');
const OUTSIDE_COUNT = 131072;

/** One conversation; `step` counts its packets, `length` is how many data packets it will have. */
class Flow {
  client = 0;
  server = 0;
  clientPort = 0;
  serverPort = 0;
  clientSequence = 0;
  serverSequence = 0;
  step = 0;
  length = 0;

  restart(random: Random, homeFirst: number, homeCount: number, meanLength: number): void {
    const outside = OUTSIDE_FIRST + random.below(OUTSIDE_COUNT);
    const visitor = random.below(2) === 0;
    // Few servers and many clients on either side; ours are the first addresses of the block.
    this.client = visitor
      ? outside
      : homeFirst + 1024 + random.below(Math.min(homeCount - 1024, 4096));
    this.server = visitor ? homeFirst + 10 + random.below(40) : OUTSIDE_FIRST + random.below(3000);
    this.clientPort = 32768 + random.below(28232);
    this.serverPort = random.pick(SERVICES);
    this.clientSequence = random.uint32();
    this.serverSequence = random.uint32();
    this.step = 0;
    this.length = 2 + Math.floor(-Math.log(1 - random.fraction()) * meanLength);
  }
}

/** Writes the next packet of `flow`; true when the conversation is over. */
function writeNext(
  writer: PcapWriter,
  timeUs: number,
  flow: Flow,
  tcp: Tcp4,
  random: Random,
): boolean {
  const step = flow.step++;
  tcp.dontFragment = true;
  tcp.payloadSize = 0;
  tcp.options = TIMESTAMPS;
  tcp.window = 502;
  tcp.id = random.uint32() & 0xffff;
  if (step < 3) writeHandshake(writer, timeUs, flow, tcp, step);
  else if (step < 3 + flow.length) writeExchange(writer, timeUs, flow, tcp, random);
  else writeClose(writer, timeUs, flow, tcp, step - 3 - flow.length);
  return step === 5 + flow.length;
}

function send(
  writer: PcapWriter,
  timeUs: number,
  flow: Flow,
  tcp: Tcp4,
  fromClient: boolean,
): void {
  tcp.source = fromClient ? flow.client : flow.server;
  tcp.destination = fromClient ? flow.server : flow.client;
  tcp.sourcePort = fromClient ? flow.clientPort : flow.serverPort;
  tcp.destinationPort = fromClient ? flow.serverPort : flow.clientPort;
  tcp.sequence = fromClient ? flow.clientSequence : flow.serverSequence;
  tcp.acknowledgement =
    (tcp.flags & ACK) === 0 ? 0 : fromClient ? flow.serverSequence : flow.clientSequence;
  tcp.ttl = fromClient ? 57 : 63;
  writeTcp4(writer, timeUs, tcp);
  const advance = tcp.payloadSize + ((tcp.flags & 0x03) === 0 ? 0 : 1);
  if (fromClient) flow.clientSequence = (flow.clientSequence + advance) >>> 0;
  else flow.serverSequence = (flow.serverSequence + advance) >>> 0;
}

function writeHandshake(
  writer: PcapWriter,
  timeUs: number,
  flow: Flow,
  tcp: Tcp4,
  step: number,
): void {
  tcp.flags = [0x02, 0x12, ACK][step];
  tcp.options = step < 2 ? LINUX_SYN : TIMESTAMPS;
  tcp.window = [64240, 65160, 502][step];
  send(writer, timeUs, flow, tcp, step !== 1);
}

/** Bulk from the server, acknowledgements from the client, and some small requests. */
function writeExchange(
  writer: PcapWriter,
  timeUs: number,
  flow: Flow,
  tcp: Tcp4,
  random: Random,
): void {
  const dice = random.below(100);
  const request = dice >= 92;
  tcp.flags = dice < 45 ? ACK : dice < 52 || request ? PSH_ACK : ACK;
  if (dice < 45) tcp.payloadSize = SEGMENT_SIZE_MAX;
  else if (dice < 52) tcp.payloadSize = 1 + random.below(SEGMENT_SIZE_MAX);
  else if (request) tcp.payloadSize = 40 + random.below(600);
  send(writer, timeUs, flow, tcp, dice >= 52);
}

function writeClose(writer: PcapWriter, timeUs: number, flow: Flow, tcp: Tcp4, step: number): void {
  tcp.flags = step < 2 ? FIN_ACK : ACK;
  send(writer, timeUs, flow, tcp, step !== 1);
}

function dnsQuestion(random: Random): Uint8Array {
  const name = [
    3,
    0x77,
    0x77,
    0x77,
    7,
    ...new TextEncoder().encode('example'),
    3,
    0x6f,
    0x72,
    0x67,
    0,
  ];
  return Uint8Array.from([...random.bytes(2), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...name, 0, 1, 0, 1]);
}

/** A question of one of our resolvers to the outside and its answer. */
function writeDns(writer: PcapWriter, timeUs: number, homeFirst: number, random: Random): void {
  const resolver = ipv4Text(homeFirst + 2 + random.below(2));
  const server = ipv4Text(OUTSIDE_FIRST + random.below(64));
  const port = 32768 + random.below(28232);
  const question = dnsQuestion(random);
  const answer = question.slice();
  answer[2] = 0x81;
  const sides = { source: resolver, destination: server, sourcePort: port, destinationPort: 53 };
  writer.write(timeUs, udpFrame({ ...sides, payload: question }));
  writer.write(
    timeUs,
    udpFrame({
      source: server,
      destination: resolver,
      sourcePort: 53,
      destinationPort: port,
      payload: answer,
      ttl: 58,
    }),
  );
}

export function writeMixed(writer: PcapWriter, parameters: MixedParameters): void {
  const random = new Random(parameters.seed);
  const { first, count } = ipv4Block(parameters.home);
  const restart = (flow: Flow): void => flow.restart(random, first, count, parameters.flowPackets);
  const flows = Array.from({ length: parameters.flowCount }, () => new Flow());
  flows.forEach(restart);
  const tcp = new Tcp4();
  const scanBound = parameters.scanShare;
  const dnsBound = scanBound + parameters.dnsShare / 2;
  const scanners = parameters.scanners.map(ipv4Number);
  let probeCount = 0;
  const end = writer.packetCount + parameters.packetCount;
  while (writer.packetCount < end) {
    const done = parameters.packetCount - (end - writer.packetCount);
    const timeUs = Math.floor(parameters.startUs + (done * 1_000_000) / parameters.ratePerSecond);
    const dice = random.fraction();
    if (dice < scanBound && scanners.length > 0) {
      writeProbe(writer, timeUs, tcp, scanners, first, probeCount++);
    } else if (dice < dnsBound && writer.packetCount + 2 <= end) {
      writeDns(writer, timeUs, first, random);
    } else {
      const flow = flows[random.below(flows.length)];
      if (writeNext(writer, timeUs, flow, tcp, random)) restart(flow);
    }
  }
}

/** The scanners take turns: even ones sweep addresses like masscan, odd ones ports like nmap. */
function writeProbe(
  writer: PcapWriter,
  timeUs: number,
  tcp: Tcp4,
  scanners: number[],
  homeFirst: number,
  index: number,
): void {
  const turn = index % scanners.length;
  const round = Math.floor(index / scanners.length);
  const sweeping = turn % 2 === 0;
  tcp.source = scanners[turn];
  tcp.sourcePort = 40001 + turn;
  tcp.destination = sweeping ? homeFirst + 8192 + (round % 4096) : homeFirst + 20;
  tcp.destinationPort = sweeping ? 6379 : 1 + (round % 65535);
  tcp.options = NO_OPTIONS;
  SCANNERS[sweeping ? 'masscan-1.3' : 'nmap-syn'].fill(tcp, 7);
  writeTcp4(writer, timeUs, tcp);
}
