/**
 * ERSPAN types I to III inside GRE, draft-foschiano-erspan-03 §4. Twin:
 * `native/core/decode/erspan.{h,cc}`.
 */
import { Anomaly } from './anomaly.js';
import type { Packet } from './packet.js';
import { deeper, Layer, stop, u16, type Walk } from './walk.js';

/** Type II: version (4 bits, 1), VLAN, class, session, index. */
const HEADER2_SIZE = 8;
/** Type III: version (4 bits, 2) ..., timestamp, then SGT and a word of flags at 10. */
const HEADER3_SIZE = 12;
const FLAGS3_AT = 10;
/** Bits of the flag word: frame type (5 bits from 10), and O, an optional subheader follows. */
const FRAME_TYPE_SHIFT = 10;
const FRAME_TYPE_IP = 2;
const FLAG_SUBHEADER = 0x0001;
const SUBHEADER_SIZE = 8;

export function decodeErspan1(_walk: Walk, packet: Packet): Layer {
  return deeper(packet) ? Layer.ethernet : Layer.stop;
}

export function decodeErspan2(walk: Walk, packet: Packet): Layer {
  const at = walk.at;
  if (walk.end - at < HEADER2_SIZE) return stop(packet, Anomaly.erspanTruncated);
  if (!deeper(packet)) return Layer.stop;
  if (walk.bytes[at] >>> 4 !== 1) return stop(packet, Anomaly.erspanVersion);
  walk.at = at + HEADER2_SIZE;
  return Layer.ethernet;
}

export function decodeErspan3(walk: Walk, packet: Packet): Layer {
  const at = walk.at;
  if (walk.end - at < HEADER3_SIZE) return stop(packet, Anomaly.erspanTruncated);
  if (!deeper(packet)) return Layer.stop;
  if (walk.bytes[at] >>> 4 !== 2) return stop(packet, Anomaly.erspanVersion);
  const flags = u16(walk.bytes, at + FLAGS3_AT);
  walk.at = at + HEADER3_SIZE;
  if ((flags & FLAG_SUBHEADER) !== 0) {
    if (walk.end - walk.at < SUBHEADER_SIZE) return stop(packet, Anomaly.erspanTruncated);
    walk.at += SUBHEADER_SIZE;
  }
  return ((flags >>> FRAME_TYPE_SHIFT) & 0x1f) === FRAME_TYPE_IP ? Layer.ip : Layer.ethernet;
}
