/**
 * Builds frames layer by layer, inside out, with right lengths and checksums unless told otherwise.
 * The sums are computed here in the plainest way, so that they check the decoder's.
 */

export function bytes(...parts: (number | Uint8Array | string)[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) => {
      if (typeof part === 'number') return [part];
      return typeof part === 'string'
        ? [...Buffer.from(part.replaceAll(' ', ''), 'hex')]
        : [...part];
    }),
  );
}

export function be16(value: number): Uint8Array {
  return Uint8Array.of((value >>> 8) & 0xff, value & 0xff);
}

export function be32(value: number): Uint8Array {
  return bytes(be16(value >>> 16), be16(value & 0xffff));
}

/** The Internet checksum of the bytes. */
export function internetChecksum(data: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < data.length; at += 2) sum += data[at] * 256 + (data[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum % 0x10000) + Math.floor(sum / 0x10000);
  return 0xffff - sum;
}

export function ethernet(type: number, payload: Uint8Array): Uint8Array {
  return bytes('020000000001', '020000000002', be16(type), payload);
}

export function vlan(id: number, type: number, payload: Uint8Array): Uint8Array {
  return bytes(be16(id), be16(type), payload);
}

export function mpls(label: number, bottom: boolean, payload: Uint8Array): Uint8Array {
  return bytes(be32((label << 12) | (bottom ? 0x100 : 0) | 64), payload);
}

export function pppoe(session: number, payload: Uint8Array, protocol = 0x0021): Uint8Array {
  return bytes('1100', be16(session), be16(payload.length + 2), be16(protocol), payload);
}

export interface GreFields {
  key?: number;
  sequence?: number;
  checksum?: boolean;
  version?: number;
  routing?: boolean;
}

export function gre(type: number, payload: Uint8Array, fields: GreFields = {}): Uint8Array {
  const { key, sequence, checksum = false, version = 0, routing = false } = fields;
  const flags =
    (checksum ? 0x8000 : 0) |
    (routing ? 0x4000 : 0) |
    (key === undefined ? 0 : 0x2000) |
    (sequence === undefined ? 0 : 0x1000) |
    version;
  return bytes(
    be16(flags),
    be16(type),
    checksum ? '00000000' : '',
    key === undefined ? '' : be32(key),
    sequence === undefined ? '' : be32(sequence),
    payload,
  );
}

export function vxlan(vni: number, payload: Uint8Array, flags = 0x08): Uint8Array {
  return bytes(flags, '000000', be32(vni << 8), payload);
}

export function geneve(vni: number, payload: Uint8Array, options = '', type = 0x6558): Uint8Array {
  const size = options.length / 8;
  return bytes(size, 0, be16(type), be32(vni << 8), options, payload);
}

export interface Ipv4Fields {
  src?: string;
  dst?: string;
  ttl?: number;
  id?: number;
  /** The whole flags and offset word. */
  fragment?: number;
  protocol?: number;
  /** Options in hexadecimal, a multiple of 4 bytes. */
  options?: string;
  total?: number;
  checksum?: number;
  tos?: number;
  headerWords?: number;
}

export const SOURCE = '203.0.113.7';
export const TARGET = '198.51.100.9';

export function ipv4(payload: Uint8Array, fields: Ipv4Fields = {}): Uint8Array {
  const { src = SOURCE, dst = TARGET, options = '', protocol = 6 } = fields;
  const headerSize = 20 + options.length / 2;
  const header = bytes(
    0x40 | (fields.headerWords ?? headerSize / 4),
    fields.tos ?? 0,
    be16(fields.total ?? headerSize + payload.length),
    be16(fields.id ?? 7),
    be16(fields.fragment ?? 0),
    fields.ttl ?? 60,
    protocol,
    '0000',
    address4(src),
    address4(dst),
    options,
  );
  header.set(be16(fields.checksum ?? internetChecksum(header)), 10);
  return bytes(header, payload);
}

export function address4(text: string): Uint8Array {
  return Uint8Array.from(text.split('.').map(Number));
}

export const SOURCE6 = '20010db8000000000000000000000007';
export const TARGET6 = '20010db8000000000000000000000009';

export interface Ipv6Fields {
  next?: number;
  payloadSize?: number;
  hopLimit?: number;
  flow?: number;
  tos?: number;
}

export function ipv6(payload: Uint8Array, fields: Ipv6Fields = {}): Uint8Array {
  const { next = 6, payloadSize = payload.length, hopLimit = 60, flow = 0, tos = 0 } = fields;
  return bytes(
    be32((6 << 28) | (tos << 20) | flow),
    be16(payloadSize),
    next,
    hopLimit,
    SOURCE6,
    TARGET6,
    payload,
  );
}

/** An extension header of `units` times 8 bytes after the first 8. */
export function extension(next: number, payload: Uint8Array, units = 0): Uint8Array {
  return bytes(next, units, '000000000000', new Uint8Array(units * 8), payload);
}

export function fragment6(
  next: number,
  offset: number,
  more: boolean,
  id: number,
  payload: Uint8Array,
): Uint8Array {
  return bytes(next, 0, be16(offset | (more ? 1 : 0)), be32(id), payload);
}

/** Two IPv4 addresses, those of `ipv4` unless told otherwise. */
export type Ends4 = Pick<Ipv4Fields, 'src' | 'dst'>;

/** The pseudo-header of `ipv4` or `ipv6` as built above. */
function pseudo(version: number, protocol: number, size: number, ends: Ends4 = {}): Uint8Array {
  if (version === 6) return bytes(SOURCE6, TARGET6, be32(size), be32(protocol));
  const { src = SOURCE, dst = TARGET } = ends;
  // Four bytes of size sum up to the two there are, and hold what a segmenting NIC is handed.
  return bytes(address4(src), address4(dst), 0, protocol, be32(size));
}

/** Puts the right checksum at `at`, or the given one. */
function seal(
  segment: Uint8Array,
  at: number,
  version: number,
  protocol: number,
  checksum?: number,
  ends?: Ends4,
): Uint8Array {
  const covered = bytes(pseudo(version, protocol, segment.length, ends), segment);
  segment.set(be16(checksum ?? internetChecksum(covered)), at);
  return segment;
}

export interface TcpFields {
  src?: number;
  dst?: number;
  seq?: number;
  ack?: number;
  flags?: number;
  window?: number;
  urgent?: number;
  /** In hexadecimal, a multiple of 4 bytes. */
  options?: string;
  payload?: Uint8Array;
  /** Data offset in words, if not the right one. */
  headerWords?: number;
  checksum?: number;
  version?: number;
  /** Of the packet around it, for the checksum. */
  ends?: Ends4;
}

export function tcp(fields: TcpFields = {}): Uint8Array {
  const { options = '020405b4', payload = new Uint8Array(0), version = 4 } = fields;
  const words = fields.headerWords ?? 5 + options.length / 8;
  const segment = bytes(
    be16(fields.src ?? 40000),
    be16(fields.dst ?? 443),
    be32(fields.seq ?? 0x01020304),
    be32(fields.ack ?? 0),
    be16((words << 12) | (fields.flags ?? 2)),
    be16(fields.window ?? 1024),
    '0000',
    be16(fields.urgent ?? 0),
    options,
    payload,
  );
  return seal(segment, 16, version, 6, fields.checksum, fields.ends);
}

export interface UdpFields {
  src?: number;
  dst?: number;
  length?: number;
  checksum?: number;
  version?: number;
}

export function udp(payload: Uint8Array, fields: UdpFields = {}): Uint8Array {
  const datagram = bytes(
    be16(fields.src ?? 40000),
    be16(fields.dst ?? 53),
    be16(fields.length ?? payload.length + 8),
    '0000',
    payload,
  );
  return seal(datagram, 6, fields.version ?? 4, 17, fields.checksum);
}

export function icmp(type: number, code: number, rest: Uint8Array, checksum?: number): Uint8Array {
  const message = bytes(type, code, '0000', rest);
  message.set(be16(checksum ?? internetChecksum(message)), 2);
  return message;
}

export function icmp6(type: number, code: number, rest: Uint8Array): Uint8Array {
  return seal(bytes(type, code, '0000', rest), 2, 6, 58);
}

/** The pseudo-header's sum, not complemented: what Linux leaves for the NIC. */
export function offloadChecksum(version: number, protocol: number, size: number): number {
  return 0xffff - internetChecksum(pseudo(version, protocol, size));
}
