/**
 * The way through one frame: where decoding stands, how far it may read, and what lies next. Every
 * protocol file exports one function `decodeX(walk, packet): Layer` that checks once that its
 * header is inside `walk.end`, writes its facts, moves `walk.at` behind the header and names the
 * next layer. Twin: `native/core/decode/walk.h`.
 */
import { finish, mix } from '../base/hash.js';
import { limits } from '../base/limits.js';
import { Anomaly } from './anomaly.js';
import { Checksum, type Packet, Transport } from './packet.js';

/** What to decode next. `stop` ends the walk: all there is to know is in the packet. */
export const Layer = {
  stop: 0,
  ethernet: 1,
  vlan: 2,
  mpls: 3,
  pppoe: 4,
  ppp: 5,
  ip: 6,
  ipv4: 7,
  ipv6: 8,
  gre: 9,
  erspan1: 10,
  erspan2: 11,
  erspan3: 12,
  tcp: 13,
  udp: 14,
  icmp: 15,
  icmp6: 16,
  sctp: 17,
  vxlan: 18,
  geneve: 19,
} as const;
export type Layer = (typeof Layer)[keyof typeof Layer];

/** What an outer id belongs to, folded into the tunnel key before the id. */
export const TunnelTag = { vlan: 1, pppoe: 2, gre: 3, vxlan: 4, geneve: 5 } as const;

export class Walk {
  /** The frame, or the reassembly buffer once a split header was put together. */
  bytes: Uint8Array = new Uint8Array(0);
  /** Offset of the next header. */
  at = 0;
  /** End of the current layer, clipped to what was captured (exclusive). Never reads past it. */
  end = 0;
  /** End of the current layer on the wire, as an offset in `bytes`; at least `end`. */
  wireEnd = 0;
  /** Running hash of the outer ids, and whether there was one. */
  key = 0;
  keyed = false;
  /**
   * The current layer goes on somewhere else (a fragment, a length beyond the wire): lengths inside
   * it may point past `wireEnd` without being wrong, and checksums cannot be verified.
   */
  partial = false;
  /** A source route is not used up: the checksum covers a destination that is not in the header. */
  rerouted = false;
}

/** Big-endian reads. The caller has checked that the bytes are inside the walk. */
export function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 8) | bytes[at + 1];
}

/** As int32: use `>>> 0` to compare by size. */
export function u32(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}

/** Sets an anomaly's bit; the decoder counts the bits once the frame is done. */
export function note(packet: Packet, anomaly: number): void {
  if (anomaly < 32) packet.anomaliesLow |= 1 << anomaly;
  else packet.anomaliesHigh |= 1 << (anomaly - 32);
}

/** Notes an anomaly and ends the walk. */
export function stop(packet: Packet, anomaly: number): Layer {
  note(packet, anomaly);
  return Layer.stop;
}

/** Counts one more encapsulation. False, and an anomaly, when there are too many. */
export function deeper(packet: Packet): boolean {
  if (packet.layerCount >= limits.decodeDepthMax) {
    note(packet, Anomaly.layersTooMany);
    return false;
  }
  packet.layerCount++;
  return true;
}

/** Folds an outer id into the tunnel key. */
export function foldId(walk: Walk, tag: number, id: number): void {
  walk.key = mix(mix(walk.key, tag), id);
  walk.keyed = true;
}

/**
 * Makes room for an IP packet at the walk: forgets an outer one's facts, and gives the packet the
 * key of the ids walked so far (never 0 when there were any, since 0 means none).
 */
export function enterIp(walk: Walk, packet: Packet): void {
  if (packet.ipVersion !== 0) clearIp(packet);
  if (walk.keyed) packet.tunnelKey = finish(walk.key) || 1;
  walk.rerouted = false;
}

/** Takes the rest of the walk as payload of a protocol we do not decode (yet). */
export function setOther(walk: Walk, packet: Packet, protocol: number): void {
  packet.protocol = protocol;
  packet.transport = Transport.other;
  packet.transportAt = walk.at;
  setPayload(walk, packet, walk.at);
}

/** Takes everything from `at` as payload. */
export function setPayload(walk: Walk, packet: Packet, at: number): void {
  packet.payloadAt = at;
  packet.payloadSize = walk.end > at ? walk.end - at : 0;
  packet.payloadWireSize = walk.wireEnd > at ? walk.wireEnd - at : 0;
}

/**
 * Forgets the innermost IP packet's facts, before a frame or when a tunnel's inner packet follows.
 */
export function clearIp(packet: Packet): void {
  packet.ipVersion = 0;
  packet.src0 = 0;
  packet.src1 = 0;
  packet.src2 = 0;
  packet.src3 = 0;
  packet.dst0 = 0;
  packet.dst1 = 0;
  packet.dst2 = 0;
  packet.dst3 = 0;
  packet.ttl = 0;
  packet.ipId = 0;
  packet.tos = 0;
  packet.flowLabel = 0;
  packet.dontFragment = false;
  packet.ipReservedBit = false;
  packet.ipOptionsSize = 0;
  packet.ipSize = 0;
  packet.ipChecksum = Checksum.unverified;
  packet.protocol = 0;
  packet.fragment = 0;
  clearTransport(packet);
}

function clearTransport(packet: Packet): void {
  packet.transport = Transport.none;
  packet.transportAt = 0;
  packet.transportChecksum = Checksum.unverified;
  packet.srcPort = 0;
  packet.dstPort = 0;
  packet.tcpFlags = 0;
  packet.tcpSeq = 0;
  packet.tcpAck = 0;
  packet.tcpWindow = 0;
  packet.tcpUrgent = 0;
  packet.tcpOptionsAt = 0;
  packet.tcpOptionsSize = 0;
  packet.icmpType = 0;
  packet.icmpCode = 0;
  packet.icmpId = 0;
  packet.icmpSeq = 0;
  packet.sctpChunk = 0;
  packet.sctpTag = 0;
  packet.payloadAt = 0;
  packet.payloadSize = 0;
  packet.payloadWireSize = 0;
  if (packet.quotedVersion !== 0) clearQuoted(packet);
}

/** Forgets the packet that an ICMP error quoted. */
export function clearQuoted(packet: Packet): void {
  packet.quotedVersion = 0;
  packet.quotedSrc0 = 0;
  packet.quotedSrc1 = 0;
  packet.quotedSrc2 = 0;
  packet.quotedSrc3 = 0;
  packet.quotedDst0 = 0;
  packet.quotedDst1 = 0;
  packet.quotedDst2 = 0;
  packet.quotedDst3 = 0;
  packet.quotedProtocol = 0;
  packet.quotedPortsValid = false;
  packet.quotedSrcPort = 0;
  packet.quotedDstPort = 0;
}
