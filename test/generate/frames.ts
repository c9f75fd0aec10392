/**
 * Builds single frames from what they mean: readable, one allocation each, for tests. Captures of
 * millions of packets use `tcp4.ts`. Everything is valid unless a field says otherwise.
 */
import { addressBytes } from './address.js';

export const FLAG = {
  F: 0x01,
  S: 0x02,
  R: 0x04,
  P: 0x08,
  A: 0x10,
  U: 0x20,
  E: 0x40,
  C: 0x80,
} as const;

/** Header fields of the IP packet around a segment; both families where they have a counterpart. */
export interface IpFields {
  source: string;
  destination: string;
  /** TTL or hop limit. @defaultValue 64 */
  ttl?: number;
  /** IPv4 identification. @defaultValue 0 */
  id?: number;
  /** @defaultValue true */
  dontFragment?: boolean;
  /** DSCP and ECN byte. @defaultValue 0 */
  tos?: number;
  /** IPv4 options, a multiple of four bytes. */
  ipOptions?: Uint8Array;
  /** IPv4 fragment offset in units of eight bytes, and the more-fragments bit. */
  fragmentOffset?: number;
  moreFragments?: boolean;
}

export interface TcpFields extends IpFields {
  sourcePort: number;
  destinationPort: number;
  /** Letters of `FLAG`, e.g. `SA`. @defaultValue `S` */
  flags?: string;
  sequence?: number;
  acknowledgement?: number;
  /** @defaultValue 1024 */
  window?: number;
  urgent?: number;
  /** TCP options, a multiple of four bytes, at most 40. */
  options?: Uint8Array;
  payload?: Uint8Array;
  /** Added to the right checksum, to make it wrong. @defaultValue 0 */
  checksumError?: number;
}

export interface UdpFields extends IpFields {
  sourcePort: number;
  destinationPort: number;
  payload?: Uint8Array;
  checksumError?: number;
}

export interface IcmpFields extends IpFields {
  type: number;
  code?: number;
  /** The four bytes after the checksum: id and sequence number of an echo. @defaultValue zeros */
  rest?: Uint8Array;
  payload?: Uint8Array;
  checksumError?: number;
}

const MAC_SENDER = [0x02, 0, 0, 0, 0, 1];
const MAC_RECEIVER = [0x02, 0, 0, 0, 0, 2];

/** RFC 1071 sum of 16-bit words, not complemented, not folded. */
export function sumWords(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at + 1 < bytes.length; at += 2) sum += (bytes[at] << 8) | bytes[at + 1];
  if (bytes.length % 2 === 1) sum += bytes[bytes.length - 1] << 8;
  return sum;
}

export function foldChecksum(sum: number): number {
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 65536);
  return ~sum & 0xffff;
}

export function concat(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export const u16 = (value: number): number[] => [(value >>> 8) & 255, value & 255];
export const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value)];

/** Sum of the pseudo-header, RFC 9293 §3.1 and RFC 8200 §8.1; the two give equal sums. */
function pseudoSum(fields: IpFields, protocol: number, size: number): number {
  return (
    sumWords(addressBytes(fields.source)) +
    sumWords(addressBytes(fields.destination)) +
    protocol +
    size
  );
}

/** An IP packet (no link layer) around `payload`. */
export function ipPacket(fields: IpFields, protocol: number, payload: Uint8Array): Uint8Array {
  const source = addressBytes(fields.source);
  const destination = addressBytes(fields.destination);
  const ttl = fields.ttl ?? 64;
  const tos = fields.tos ?? 0;
  if (source.length === 16) {
    const start = [
      0x60 | (tos >>> 4),
      (tos << 4) & 255,
      0,
      0,
      ...u16(payload.length),
      protocol,
      ttl,
    ];
    return concat(Uint8Array.from(start), source, destination, payload);
  }
  const options = fields.ipOptions ?? new Uint8Array(0);
  const flags =
    ((fields.dontFragment ?? true) ? 0x4000 : 0) |
    (fields.moreFragments ? 0x2000 : 0) |
    (fields.fragmentOffset ?? 0);
  const headerSize = 20 + options.length;
  const header = Uint8Array.from([
    0x40 | (headerSize / 4),
    tos,
    ...u16(headerSize + payload.length),
    ...u16(fields.id ?? 0),
    ...u16(flags),
    ttl,
    protocol,
    0,
    0,
    ...source,
    ...destination,
    ...options,
  ]);
  header.set(u16(foldChecksum(sumWords(header))), 10);
  return concat(header, payload);
}

/** An Ethernet frame around an IP packet, without the trailer. */
export function ethernet(packet: Uint8Array, etherType?: number): Uint8Array {
  const type = etherType ?? (packet[0] >>> 4 === 6 ? 0x86dd : 0x0800);
  return concat(Uint8Array.from([...MAC_RECEIVER, ...MAC_SENDER, ...u16(type)]), packet);
}

/** Puts an 802.1Q tag (or another tag type) behind the addresses of an Ethernet frame. */
export function tagged(frame: Uint8Array, vlan: number, tagType = 0x8100): Uint8Array {
  return concat(
    frame.subarray(0, 12),
    Uint8Array.from([...u16(tagType), ...u16(vlan)]),
    frame.subarray(12),
  );
}

export function tcpPacket(fields: TcpFields): Uint8Array {
  const options = fields.options ?? new Uint8Array(0);
  const payload = fields.payload ?? new Uint8Array(0);
  let bits = 0;
  for (const letter of fields.flags ?? 'S') bits |= FLAG[letter as keyof typeof FLAG];
  const header = Uint8Array.from([
    ...u16(fields.sourcePort),
    ...u16(fields.destinationPort),
    ...u32(fields.sequence ?? 0),
    ...u32(fields.acknowledgement ?? 0),
    (5 + options.length / 4) << 4,
    bits,
    ...u16(fields.window ?? 1024),
    0,
    0,
    ...u16(fields.urgent ?? 0),
    ...options,
  ]);
  const segment = concat(header, payload);
  const sum = sumWords(segment) + pseudoSum(fields, 6, segment.length);
  segment.set(u16(foldChecksum(sum) + (fields.checksumError ?? 0)), 16);
  return ipPacket(fields, 6, segment);
}

export function udpPacket(fields: UdpFields): Uint8Array {
  const payload = fields.payload ?? new Uint8Array(0);
  const size = 8 + payload.length;
  const ports = [...u16(fields.sourcePort), ...u16(fields.destinationPort)];
  const datagram = concat(Uint8Array.from([...ports, ...u16(size), 0, 0]), payload);
  // RFC 768: a sum of zero is sent as all ones, since zero means none.
  const checksum = foldChecksum(sumWords(datagram) + pseudoSum(fields, 17, size)) || 0xffff;
  datagram.set(u16(checksum + (fields.checksumError ?? 0)), 6);
  return ipPacket(fields, 17, datagram);
}

/** ICMP, or ICMPv6 when the addresses are IPv6. */
export function icmpPacket(fields: IcmpFields): Uint8Array {
  const rest = fields.rest ?? new Uint8Array(4);
  const message = concat(
    Uint8Array.from([fields.type, fields.code ?? 0, 0, 0]),
    rest,
    fields.payload ?? new Uint8Array(0),
  );
  const six = fields.source.includes(':');
  // RFC 4443 §2.3: ICMPv6 covers the pseudo-header too.
  const sum = sumWords(message) + (six ? pseudoSum(fields, 58, message.length) : 0);
  message.set(u16(foldChecksum(sum) + (fields.checksumError ?? 0)), 2);
  return ipPacket(fields, six ? 58 : 1, message);
}

export const tcpFrame = (fields: TcpFields): Uint8Array => ethernet(tcpPacket(fields));
export const udpFrame = (fields: UdpFields): Uint8Array => ethernet(udpPacket(fields));
export const icmpFrame = (fields: IcmpFields): Uint8Array => ethernet(icmpPacket(fields));
