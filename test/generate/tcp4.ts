/**
 * The fast way to write TCP over IPv4 over Ethernet: fields of one reused struct go straight into
 * the writer's buffer, without an allocation. About ten million packets a second here need that.
 */
import type { PcapWriter } from './pcap-writer.js';

/** Addresses are unsigned numbers; `flags` is the bit set of RFC 9293 §3.1. */
export class Tcp4 {
  source = 0;
  destination = 0;
  sourcePort = 0;
  destinationPort = 0;
  sequence = 0;
  acknowledgement = 0;
  flags = 0x02;
  window = 1024;
  ttl = 64;
  id = 0;
  dontFragment = true;
  /** TCP options, a multiple of four bytes. */
  options: Uint8Array = NO_BYTES;
  /** The payload is the first `payloadSize` bytes of `PAYLOAD`. */
  payloadSize = 0;
}

const NO_BYTES = new Uint8Array(0);
export const PAYLOAD_SIZE_MAX = 1460;
/** Payload bytes shared by all packets, and the checksum of each of its prefixes. */
const PAYLOAD = new Uint8Array(PAYLOAD_SIZE_MAX);
const PAYLOAD_SUMS = new Uint32Array(PAYLOAD_SIZE_MAX + 1);
for (let at = 0; at < PAYLOAD_SIZE_MAX; at++) {
  PAYLOAD[at] = (Math.imul(at + 1, 0x9e3779b1) >>> 24) & 255;
  PAYLOAD_SUMS[at + 1] = PAYLOAD_SUMS[at] + (at % 2 === 0 ? PAYLOAD[at] << 8 : PAYLOAD[at]);
}
/**
 * Ethernet's shortest frame without its checksum: shorter ones are padded, as a receiving card
 * shows.
 */
const FRAME_SIZE_MIN = 60;

const high16 = (value: number): number => value >>> 16;
const low16 = (value: number): number => value & 0xffff;
function fold(sum: number): number {
  sum = (sum & 0xffff) + (sum >>> 16);
  sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

export function writeTcp4(writer: PcapWriter, timeUs: number, tcp: Tcp4): void {
  const segmentSize = 20 + tcp.options.length + tcp.payloadSize;
  const size = 34 + segmentSize;
  const at = writer.begin(timeUs, Math.max(size, FRAME_SIZE_MIN));
  const bytes = writer.bytes;
  putEthernetAndIp(bytes, at, tcp, segmentSize);
  putSegment(bytes, at + 34, tcp, segmentSize);
  for (let pad = size; pad < FRAME_SIZE_MIN; pad++) bytes[at + pad] = 0;
}

function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

function put32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

function putEthernetAndIp(bytes: Uint8Array, at: number, tcp: Tcp4, segmentSize: number): void {
  put32(bytes, at, 0x02000000);
  put32(bytes, at + 4, 0x00020200);
  put32(bytes, at + 8, 0x00000001);
  put16(bytes, at + 12, 0x0800);
  const ip = at + 14;
  const flags = tcp.dontFragment ? 0x4000 : 0;
  const sum =
    0x4500 +
    20 +
    segmentSize +
    tcp.id +
    flags +
    ((tcp.ttl << 8) | 6) +
    high16(tcp.source) +
    low16(tcp.source) +
    high16(tcp.destination) +
    low16(tcp.destination);
  put16(bytes, ip, 0x4500);
  put16(bytes, ip + 2, 20 + segmentSize);
  put16(bytes, ip + 4, tcp.id);
  put16(bytes, ip + 6, flags);
  put16(bytes, ip + 8, (tcp.ttl << 8) | 6);
  put16(bytes, ip + 10, fold(sum));
  put32(bytes, ip + 12, tcp.source);
  put32(bytes, ip + 16, tcp.destination);
}

function putSegment(bytes: Uint8Array, at: number, tcp: Tcp4, segmentSize: number): void {
  const options = tcp.options;
  const offsetAndFlags = ((5 + options.length / 4) << 12) | tcp.flags;
  let sum =
    high16(tcp.source) +
    low16(tcp.source) +
    high16(tcp.destination) +
    low16(tcp.destination) +
    6 +
    segmentSize +
    tcp.sourcePort +
    tcp.destinationPort +
    high16(tcp.sequence) +
    low16(tcp.sequence) +
    high16(tcp.acknowledgement) +
    low16(tcp.acknowledgement) +
    offsetAndFlags +
    tcp.window;
  put16(bytes, at, tcp.sourcePort);
  put16(bytes, at + 2, tcp.destinationPort);
  put32(bytes, at + 4, tcp.sequence);
  put32(bytes, at + 8, tcp.acknowledgement);
  put16(bytes, at + 12, offsetAndFlags);
  put16(bytes, at + 14, tcp.window);
  put16(bytes, at + 18, 0);
  for (let index = 0; index < options.length; index++) {
    bytes[at + 20 + index] = options[index];
    sum += index % 2 === 0 ? options[index] << 8 : options[index];
  }
  if (tcp.payloadSize > 0) {
    bytes.set(PAYLOAD.subarray(0, tcp.payloadSize), at + 20 + options.length);
    sum += PAYLOAD_SUMS[tcp.payloadSize];
  }
  put16(bytes, at + 16, fold(sum));
}
