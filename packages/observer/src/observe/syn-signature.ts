/**
 * The stack signature of a SYN or SYN-ACK in canonical bytes: what p0f 3 looks at (p0f README §5),
 * without strings. `formatSynSignature` of the plugin API prints it. Twin:
 * `native/core/observe/syn_signature.{h,cc}`.
 *
 *   0 ipVersion u8 | 1 initialTtl u8 | 2 ipOptionsSize u8 | 3 mss u16be (0xffff none)
 *   5 window u16be | 7 scale u8 (0xff none) | 8 payloadClass u8 (0 none, 1 some) | 9 quirks u32be
 *   13 eolPadSize u8 | 14 optionCount u8 | 15 option kinds, one byte each, in order
 */
import { type Packet, TcpFlags } from '../decode/packet.js';
import { u16, u32 } from '../decode/walk.js';

/** Bits of `quirks`, in the order p0f prints them (README §5). */
const Quirk = {
  dontFragment: 1 << 0,
  idWithDf: 1 << 1,
  zeroId: 1 << 2,
  ecn: 1 << 3,
  reservedBit: 1 << 4,
  flowLabel: 1 << 5,
  zeroSeq: 1 << 6,
  ackWithoutFlag: 1 << 7,
  zeroAck: 1 << 8,
  urgentWithoutFlag: 1 << 9,
  urgent: 1 << 10,
  push: 1 << 11,
  zeroTimestamp: 1 << 12,
  peerTimestamp: 1 << 13,
  bytesAfterEol: 1 << 14,
  largeScale: 1 << 15,
  malformed: 1 << 16,
} as const;

const KINDS_AT = 15;
/** Options p0f reads before it gives up. */
const OPTIONS_MAX = 24;
const TCP_HEADER_SIZE = 20;
const TCP_OFFSET_AT = 12;
/** Largest useful window scale, RFC 7323 §2.3. */
const SCALE_MAX = 14;

const OptionKind = {
  end: 0,
  nop: 1,
  mss: 2,
  scale: 3,
  sackPermitted: 4,
  sack: 5,
  timestamps: 8,
} as const;
/** Sizes of the options whose size is fixed, by kind; 0 where it is not. */
const FIXED_SIZE = [1, 1, 4, 3, 2, 0, 0, 0, 10];

/**
 * Writes the signature of a TCP packet with SYN set.
 * @param out At least 64 bytes. @returns Bytes written, 15 to 39.
 */
export function writeSynSignature(packet: Packet, out: Uint8Array): number {
  out[0] = packet.ipVersion;
  out[1] = initialTtl(packet.ttl);
  out[2] = Math.min(packet.ipOptionsSize, 0xff);
  out[3] = 0xff;
  out[4] = 0xff;
  out[5] = packet.tcpWindow >>> 8;
  out[6] = packet.tcpWindow & 0xff;
  out[7] = 0xff;
  out[8] = packet.payloadWireSize > 0 ? 1 : 0;
  out[13] = 0;
  out[14] = 0;
  const quirks = ipQuirks(packet) | tcpQuirks(packet) | writeOptions(packet, out);
  out[9] = quirks >>> 24;
  out[10] = (quirks >>> 16) & 0xff;
  out[11] = (quirks >>> 8) & 0xff;
  out[12] = quirks & 0xff;
  return KINDS_AT + out[14];
}

/** What the sender's TTL began with, taken as the next usual value. */
export function initialTtl(ttl: number): number {
  if (ttl <= 32) return 32;
  if (ttl <= 64) return 64;
  return ttl <= 128 ? 128 : 255;
}

function ipQuirks(packet: Packet): number {
  let quirks = (packet.tos & 3) !== 0 ? Quirk.ecn : 0;
  if (packet.ipVersion === 6) return packet.flowLabel !== 0 ? quirks | Quirk.flowLabel : quirks;
  if (packet.ipReservedBit) quirks |= Quirk.reservedBit;
  if (packet.dontFragment)
    return quirks | Quirk.dontFragment | (packet.ipId !== 0 ? Quirk.idWithDf : 0);
  return packet.ipId === 0 ? quirks | Quirk.zeroId : quirks;
}

function tcpQuirks(packet: Packet): number {
  const flags = packet.tcpFlags;
  let quirks = 0;
  if ((flags & (TcpFlags.ece | TcpFlags.cwr | TcpFlags.ae)) !== 0) quirks |= Quirk.ecn;
  if (packet.tcpSeq === 0) quirks |= Quirk.zeroSeq;
  if ((flags & TcpFlags.ack) !== 0) quirks |= packet.tcpAck === 0 ? Quirk.zeroAck : 0;
  else if (packet.tcpAck !== 0) quirks |= Quirk.ackWithoutFlag;
  if ((flags & TcpFlags.urg) !== 0) quirks |= Quirk.urgent;
  else if (packet.tcpUrgent !== 0) quirks |= Quirk.urgentWithoutFlag;
  if ((flags & TcpFlags.psh) !== 0) quirks |= Quirk.push;
  return quirks;
}

/**
 * Writes kinds, MSS, scale and padding; returns the options' quirks. Options that do not fit end
 * the reading, as do those behind the snapshot, but their kind still counts.
 */
function writeOptions(packet: Packet, out: Uint8Array): number {
  const { bytes } = packet;
  let at = packet.tcpOptionsAt;
  const end = at + packet.tcpOptionsSize;
  let quirks = isClipped(packet) ? Quirk.malformed : 0;
  let count = 0;
  while (at < end && count < OPTIONS_MAX) {
    const kind = bytes[at];
    out[KINDS_AT + count++] = kind;
    if (kind === OptionKind.end) {
      out[13] = end - at - 1;
      for (at++; at < end && bytes[at] === 0; at++);
      if (at < end) quirks |= Quirk.bytesAfterEol;
      at = end;
      break;
    }
    const size = optionSize(bytes, at, end, kind);
    if (size === 0) break;
    if (kind !== OptionKind.nop) quirks |= readOption(packet, out, at, kind);
    at += size;
  }
  out[14] = count;
  return at < end ? quirks | Quirk.malformed : quirks;
}

/**
 * Bytes to step over, or 0 when the option does not fit. Known kinds have the size they ought to
 * have, whatever their length field says.
 */
function optionSize(bytes: Uint8Array, at: number, end: number, kind: number): number {
  const fixed = kind < FIXED_SIZE.length ? FIXED_SIZE[kind] : 0;
  if (fixed !== 0) return at + fixed <= end ? fixed : 0;
  if (at + 1 >= end) return 0;
  const size = bytes[at + 1];
  const min = kind === OptionKind.sack ? 10 : 2;
  const max = kind === OptionKind.sack ? 34 : 40;
  return size < min || size > max || at + size > end ? 0 : size;
}

function readOption(packet: Packet, out: Uint8Array, at: number, kind: number): number {
  const { bytes } = packet;
  let quirks =
    kind < FIXED_SIZE.length && FIXED_SIZE[kind] !== 0 && bytes[at + 1] !== FIXED_SIZE[kind]
      ? Quirk.malformed
      : 0;
  if (kind === OptionKind.mss) {
    out[3] = bytes[at + 2];
    out[4] = bytes[at + 3];
  } else if (kind === OptionKind.scale) {
    out[7] = bytes[at + 2];
    if (out[7] > SCALE_MAX) quirks |= Quirk.largeScale;
  } else if (kind === OptionKind.timestamps) {
    if (u32(bytes, at + 2) === 0) quirks |= Quirk.zeroTimestamp;
    if ((packet.tcpFlags & TcpFlags.ack) === 0 && u32(bytes, at + 6) !== 0)
      quirks |= Quirk.peerTimestamp;
  }
  return quirks;
}

/** Whether the snapshot cut the options. The fixed header is there, or this were no TCP packet. */
function isClipped(packet: Packet): boolean {
  const headerSize = (u16(packet.bytes, packet.transportAt + TCP_OFFSET_AT) >>> 12) * 4;
  return headerSize - TCP_HEADER_SIZE > packet.tcpOptionsSize;
}
