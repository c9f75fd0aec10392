/** IPv6 and its extension headers (RFC 8200 §3, §4). Twin: `native/core/decode/ipv6.{h,cc}`. */
import { limits } from '../base/limits.js';
import { Anomaly } from './anomaly.js';
import type { Fragments } from './fragments.js';
import { IpProtocol, layerOfProtocol } from './ip.js';
import type { Packet } from './packet.js';
import { enterIp, Layer, note, setOther, stop, u16, u32, type Walk } from './walk.js';

const HEADER_SIZE = 40;
const PAYLOAD_AT = 4;
const NEXT_AT = 6;
const HOP_LIMIT_AT = 7;
const SRC_AT = 8;
const DST_AT = 24;
/** Every extension header is a multiple of 8 bytes: next header u8, length u8, rest. */
export const EXTENSION_UNIT = 8;
const FRAGMENT_OFFSET_AT = 2;
const FRAGMENT_ID_AT = 4;
/** RFC 2675 §2: option type 0xc2, length 4, first in the hop-by-hop header. */
const JUMBO_TYPE = 0xc2;

export function decodeIpv6(walk: Walk, packet: Packet, fragments: Fragments): Layer {
  const { bytes, at } = walk;
  if (walk.end - at < HEADER_SIZE) return stop(packet, Anomaly.ipv6Truncated);
  if (bytes[at] >>> 4 !== 6) return stop(packet, Anomaly.ipVersion);
  enterIp(walk, packet);
  writeFacts(walk, packet);
  const payload = u16(bytes, at + PAYLOAD_AT);
  if (payload === 0 && isJumbogram(walk)) note(packet, Anomaly.ipv6Jumbogram);
  else clip(walk, packet, at + HEADER_SIZE + payload);
  walk.at = at + HEADER_SIZE;
  return decodeExtensions(walk, packet, fragments, bytes[at + NEXT_AT]);
}

function writeFacts(walk: Walk, packet: Packet): void {
  const { bytes, at } = walk;
  const first = u32(bytes, at);
  packet.ipVersion = 6;
  packet.tos = (first >>> 20) & 0xff;
  packet.flowLabel = first & 0xfffff;
  packet.ipSize = HEADER_SIZE + u16(bytes, at + PAYLOAD_AT);
  packet.ttl = bytes[at + HOP_LIMIT_AT];
  packet.src0 = u32(bytes, at + SRC_AT);
  packet.src1 = u32(bytes, at + SRC_AT + 4);
  packet.src2 = u32(bytes, at + SRC_AT + 8);
  packet.src3 = u32(bytes, at + SRC_AT + 12);
  packet.dst0 = u32(bytes, at + DST_AT);
  packet.dst1 = u32(bytes, at + DST_AT + 4);
  packet.dst2 = u32(bytes, at + DST_AT + 8);
  packet.dst3 = u32(bytes, at + DST_AT + 12);
}

/**
 * A payload length of 0 means "see the jumbo option" only when there is one: Nmap's IP protocol
 * scan sends empty packets, and then what follows is Ethernet padding.
 */
function isJumbogram(walk: Walk): boolean {
  const { bytes, at } = walk;
  const optionAt = at + HEADER_SIZE + 2;
  return (
    bytes[at + NEXT_AT] === IpProtocol.hopByHop &&
    walk.end - optionAt >= 2 &&
    bytes[optionAt] === JUMBO_TYPE &&
    bytes[optionAt + 1] === 4
  );
}

function clip(walk: Walk, packet: Packet, wireEnd: number): void {
  if (wireEnd > walk.wireEnd) {
    if (!walk.partial) note(packet, Anomaly.ipv6PayloadLength);
    walk.partial = true;
    return;
  }
  // The packet is whole although an outer layer was not: its own lengths and sums can be checked.
  walk.wireEnd = wireEnd;
  walk.partial = false;
  if (walk.end > wireEnd) walk.end = wireEnd;
}

/** Walks the extension headers to the transport. A malformed one is reported as the protocol. */
function decodeExtensions(
  walk: Walk,
  packet: Packet,
  fragments: Fragments,
  protocol: number,
): Layer {
  let fragmentSeen = false;
  for (let index = 0; isExtension(protocol); index++) {
    setOther(walk, packet, protocol);
    if (index >= limits.ipv6ExtensionsMax) return stop(packet, Anomaly.ipv6ExtensionsTooMany);
    const size = extensionSize(walk.bytes, walk.at, walk.end, protocol);
    if (size === 0) return stop(packet, Anomaly.ipv6ExtensionTruncated);
    if (protocol === IpProtocol.hopByHop && index > 0) note(packet, Anomaly.ipv6ExtensionOrder);
    if (protocol === IpProtocol.routing && walk.bytes[walk.at + 3] !== 0) walk.rerouted = true;
    const next = walk.bytes[walk.at];
    packet.ipOptionsSize += size;
    if (protocol === IpProtocol.fragment) {
      if (fragmentSeen) return stop(packet, Anomaly.ipv6ExtensionOrder);
      fragmentSeen = true;
      if (!enterFragment(walk, packet, fragments, next)) return Layer.stop;
      protocol = packet.protocol;
    } else {
      walk.at += size;
      protocol = next;
    }
  }
  setOther(walk, packet, protocol);
  return layerOfProtocol(packet, protocol, 6);
}

/**
 * RFC 8200 §4.5: offset in units of 8 bytes in the upper 13 bits, M the lowest bit. An atomic
 * fragment (RFC 6946) is a whole packet.
 */
function enterFragment(walk: Walk, packet: Packet, fragments: Fragments, next: number): boolean {
  const offset = u16(walk.bytes, walk.at + FRAGMENT_OFFSET_AT);
  packet.ipId = u32(walk.bytes, walk.at + FRAGMENT_ID_AT);
  walk.at += EXTENSION_UNIT;
  setOther(walk, packet, next);
  if ((offset & 0xfff9) === 0) return true;
  return fragments.accept(walk, packet, offset & 0xfff8, (offset & 1) !== 0);
}

export function isExtension(protocol: number): boolean {
  switch (protocol) {
    case IpProtocol.hopByHop:
    case IpProtocol.routing:
    case IpProtocol.fragment:
    case IpProtocol.authentication:
    case IpProtocol.destination:
    case IpProtocol.mobility:
    case IpProtocol.hip:
    case IpProtocol.shim6:
      return true;
    default:
      return false;
  }
}

/** Bytes of the extension header at `at`, or 0 when it does not fit before `end`. */
export function extensionSize(
  bytes: Uint8Array,
  at: number,
  end: number,
  protocol: number,
): number {
  if (end - at < EXTENSION_UNIT) return 0;
  const length = bytes[at + 1];
  let size = EXTENSION_UNIT + length * 8;
  if (protocol === IpProtocol.fragment) size = EXTENSION_UNIT;
  else if (protocol === IpProtocol.authentication) size = (length + 2) * 4; // RFC 4302 §2.2
  return size > end - at ? 0 : size;
}
