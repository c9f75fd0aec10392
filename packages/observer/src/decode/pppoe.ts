/**
 * PPPoE session (RFC 2516 §4) and PPP framing (RFC 1661 §2, RFC 1662 §3.1). Twin:
 * `native/core/decode/pppoe.{h,cc}`.
 */
import { Anomaly } from './anomaly.js';
import type { Packet } from './packet.js';
import { deeper, foldId, Layer, note, stop, TunnelTag, u16, type Walk } from './walk.js';

/** Version and type u8, code u8, session u16, length u16. */
const HEADER_SIZE = 6;
const CODE_AT = 1;
const SESSION_AT = 2;
const LENGTH_AT = 4;

export function decodePppoe(walk: Walk, packet: Packet): Layer {
  const { bytes, at } = walk;
  if (walk.end - at < HEADER_SIZE) return stop(packet, Anomaly.pppoeTruncated);
  if (!deeper(packet)) return Layer.stop;
  if (bytes[at + CODE_AT] !== 0) return Layer.stop; // discovery: no PPP inside
  foldId(walk, TunnelTag.pppoe, u16(bytes, at + SESSION_AT));
  walk.at = at + HEADER_SIZE;
  const wireEnd = walk.at + u16(bytes, at + LENGTH_AT);
  if (wireEnd > walk.wireEnd) {
    if (!walk.partial) note(packet, Anomaly.pppoeLength);
  } else {
    walk.wireEnd = wireEnd; // what follows is Ethernet padding
    if (walk.end > wireEnd) walk.end = wireEnd;
  }
  return Layer.ppp;
}

/** A PPP frame: optional address and control (FF 03), then a protocol of one byte (odd) or two. */
export function decodePpp(walk: Walk, packet: Packet): Layer {
  const { bytes, end } = walk;
  let at = walk.at;
  if (end - at >= 2 && u16(bytes, at) === 0xff03) at += 2;
  if (end - at < 1) return stop(packet, Anomaly.pppoeTruncated);
  let protocol = bytes[at++];
  if ((protocol & 1) === 0) {
    if (end - at < 1) return stop(packet, Anomaly.pppoeTruncated);
    protocol = (protocol << 8) | bytes[at++];
  }
  walk.at = at;
  switch (protocol) {
    case 0x0021:
      return Layer.ipv4;
    case 0x0057:
      return Layer.ipv6;
    case 0x0281:
    case 0x0283:
      return Layer.mpls;
    default:
      return Layer.stop;
  }
}
