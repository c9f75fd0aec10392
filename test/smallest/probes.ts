/** Single probes and answers of the smallest scans, as frames. */
import { clientHello } from '../../packages/plugin-api/src/testkit/client-hello.js';
import { crc32c } from '../../packages/observer/src/decode/checksum.js';
import { ipv4Number, ipv4Text } from '../generate/address.js';
import {
  ethernet,
  icmpFrame,
  type IpFields,
  ipPacket,
  type TcpFields,
  tcpFrame,
  tcpPacket,
  u16,
  u32,
  udpFrame,
} from '../generate/frames.js';
import type { TimedFrame } from '../generate/pcap-writer.js';
import { mix32 } from '../generate/random.js';
import { LINUX_SYN, SCANNERS, type ScannerName } from '../generate/scanners.js';
import { Tcp4 } from '../generate/tcp4.js';

export const HOME_NETS = ['198.51.100.0/24', '2001:db8:100::/64'];
export const SOURCE = '203.0.113.9';
/** In the middle of a second, so that whole seconds cross epochs. */
const START_US = 1_795_000_000_250_000;
/** From a probe to its answer, and between two packets of a conversation. */
export const STEP_US = 2000;

/** The n-th protected host. */
export const target = (index: number): string => `198.51.100.${1 + (index % 250)}`;
/** The n-th source that shares a scan. */
export const member = (index: number): string => ipv4Text(ipv4Number('203.0.113.10') + index);

/** `count` turns evenly over `overS` seconds, each giving the frames of one turn. */
export function spread(
  count: number,
  overS: number,
  turn: (index: number, timeUs: number) => TimedFrame[],
): TimedFrame[] {
  const gapUs = count > 1 ? Math.floor((overS * 1_000_000) / (count - 1)) : 0;
  return Array.from({ length: count }, (_, index) => turn(index, START_US + index * gapUs)).flat();
}

/** A SYN as Linux sends it. */
export function systemSyn(destination: string, port: number, source = SOURCE): Uint8Array {
  return tcpFrame({
    source,
    destination,
    sourcePort: 32_768 + (mix32(port, ipv4Hash(destination)) % 28_000),
    destinationPort: port,
    sequence: mix32(port, ipv4Hash(destination) ^ 1),
    window: 64_240,
    ttl: 57,
    id: mix32(port, 7) & 0xffff,
    options: LINUX_SYN,
  });
}

/** A SYN as a scanner sends it. */
export function scannerSyn(
  name: ScannerName,
  destination: string,
  port: number,
  source = SOURCE,
): Uint8Array {
  const fields = new Tcp4();
  fields.source = ipv4Number(source);
  fields.destination = ipv4Number(destination);
  fields.sourcePort = 40_125;
  fields.destinationPort = port;
  SCANNERS[name].fill(fields, 1);
  return tcpFrame({
    ...fields,
    source,
    destination,
    flags: 'S',
  });
}

/** A probe in Nmap's shape, with other flags or fields. */
export function nmapProbe(fields: Partial<TcpFields> & { destinationPort: number }): Uint8Array {
  return tcpFrame(nmapFields(fields));
}

export function nmapFields(fields: Partial<TcpFields> & { destinationPort: number }): TcpFields {
  const isSyn = (fields.flags ?? 'S') === 'S';
  return {
    source: SOURCE,
    destination: target(0),
    sourcePort: 51_234,
    sequence: 0x1b2c3d4e,
    ttl: 44,
    id: mix32(fields.destinationPort, 3) & 0xffff,
    dontFragment: false,
    ...(isSyn ? { options: Uint8Array.of(2, 4, 0x05, 0xb4) } : {}),
    ...fields,
  };
}

/** The refusal of a SYN to `destination`. */
export function refusal(destination: string, port: number, syn: Uint8Array): Uint8Array {
  const view = new DataView(syn.buffer, syn.byteOffset);
  return tcpFrame({
    source: destination,
    destination: SOURCE,
    sourcePort: port,
    destinationPort: view.getUint16(34),
    flags: 'RA',
    acknowledgement: (view.getUint32(38) + 1) >>> 0,
    window: 0,
    ttl: 63,
  });
}

/** A probe and, a moment later, what came of it. */
export const answered = (timeUs: number, probe: Uint8Array, answer: Uint8Array): TimedFrame[] => [
  { timeUs, frame: probe },
  { timeUs: timeUs + STEP_US, frame: answer },
];

/** A SYN that is refused. */
export function refusedSyn(timeUs: number, destination: string, port: number): TimedFrame[] {
  const syn = systemSyn(destination, port);
  return answered(timeUs, syn, refusal(destination, port, syn));
}

export function udpProbe(destination: string, port: number): Uint8Array {
  const payload = new Uint8Array(12).fill(0x55);
  return udpFrame({
    source: SOURCE,
    destination,
    sourcePort: 41_000,
    destinationPort: port,
    payload,
  });
}

export function echo(timeUs: number, destination: string): TimedFrame[] {
  const payload = new Uint8Array(56).fill(0x33);
  const rest = Uint8Array.of(0x12, 0x34, 0, 1);
  const request = icmpFrame({ source: SOURCE, destination, type: 8, rest, payload });
  const reply = icmpFrame({ source: destination, destination: SOURCE, type: 0, rest, payload });
  return answered(timeUs, request, reply);
}

/** An SCTP INIT with the tag and window of lksctp, RFC 9260 §3.3.2. */
export function sctpInit(destination: string, port: number): Uint8Array {
  const chunk = [1, 0, ...u16(20), ...u32(mix32(port, 5)), ...u32(106_496), ...u16(10)];
  const packet = Uint8Array.from([
    ...[...u16(45_000), ...u16(port), ...u32(0), ...u32(0)],
    ...[...chunk, ...u16(65_535), ...u32(mix32(port, 6))],
  ]);
  const sum = ~crc32c(-1, packet, 0, packet.length);
  // RFC 9260 appendix A: the CRC's bytes are in the order of a little-endian word.
  new DataView(packet.buffer).setInt32(8, sum, true);
  return ethernet(ipPacket({ source: SOURCE, destination, ttl: 57 }, 132, packet));
}

/** An empty packet of an IP protocol, as Nmap -sO sends. */
export function ipProtocolProbe(protocol: number): Uint8Array {
  const fields: IpFields = { source: SOURCE, destination: target(0), ttl: 50, dontFragment: false };
  return ethernet(ipPacket(fields, protocol, new Uint8Array(0)));
}

/** A SYN in Nmap's shape, in fragments of 8 bytes (nmap -f). */
export function fragmentedSyn(port: number): Uint8Array[] {
  const fields = nmapFields({ destinationPort: port, id: 7000 + port });
  const segment = tcpPacket(fields).subarray(20);
  return [0, 8, 16].map((at) => {
    const part = segment.subarray(at, Math.min(segment.length, at + 8));
    const place = { fragmentOffset: at / 8, moreFragments: at + 8 < segment.length };
    return ethernet(ipPacket({ ...fields, ...place }, 6, part));
  });
}

/** A connection on which the source says `payload` and is not answered; then it closes. */
export function said(
  timeUs: number,
  destination: string,
  port: number,
  clientPort: number,
  payload: Uint8Array,
): TimedFrame[] {
  const sequences = { up: mix32(clientPort, 1), down: mix32(clientPort, 2) };
  const frames: TimedFrame[] = [];
  const send = (side: 'up' | 'down', flags: string, data: Uint8Array = new Uint8Array(0)): void => {
    const isUp = side === 'up';
    const frame = tcpFrame({
      source: isUp ? SOURCE : destination,
      destination: isUp ? destination : SOURCE,
      sourcePort: isUp ? clientPort : port,
      destinationPort: isUp ? port : clientPort,
      flags,
      sequence: sequences[side],
      acknowledgement: flags.includes('A') ? sequences[isUp ? 'down' : 'up'] : 0,
      window: 64_240,
      ttl: isUp ? 57 : 63,
      options: flags.includes('S') ? LINUX_SYN : new Uint8Array(0),
      payload: data,
    });
    frames.push({ timeUs: timeUs + frames.length * STEP_US, frame });
    sequences[side] = (sequences[side] + data.length + (/[SF]/.test(flags) ? 1 : 0)) >>> 0;
  };
  send('up', 'S');
  send('down', 'SA');
  send('up', 'A');
  send('up', 'PA', payload);
  send('down', 'A');
  send('up', 'FA');
  send('down', 'FA');
  send('up', 'A');
  return frames;
}

export const one = (timeUs: number, frame: Uint8Array): TimedFrame[] => [{ timeUs, frame }];

export const text = (words: string): Uint8Array => new TextEncoder().encode(words);
/** Hellos of other versions and cipher suites each, every second one older than TLS 1.2. */
export function hello(index: number): Uint8Array {
  return clientHello({ version: index % 2 === 0 ? 0x0303 : 0x0301, ciphers: [0x1301 + index] });
}

function ipv4Hash(address: string): number {
  return address.includes(':') ? address.length : ipv4Number(address);
}
