/**
 * GRE with checksum, key and sequence number (RFC 2784, RFC 2890). Twin:
 * `native/core/decode/gre.{h,cc}`.
 */
import { Anomaly } from './anomaly.js';
import { EtherType, layerOfType } from './ethernet.js';
import type { Packet } from './packet.js';
import { deeper, foldId, Layer, stop, TunnelTag, u16, u32, type Walk } from './walk.js';

const HEADER_SIZE = 4;
const FLAG_CHECKSUM = 0x8000;
const FLAG_ROUTING = 0x4000;
const FLAG_KEY = 0x2000;
const FLAG_SEQUENCE = 0x1000;
const VERSION_MASK = 0x0007;
/** RFC 2637 §4.1: PPTP's enhanced GRE, version 1; its payload is compressed or encrypted PPP. */
const TYPE_PPTP = 0x880b;
/** Cisco's, draft-foschiano-erspan-03 §4. */
const TYPE_ERSPAN = 0x88be;
const TYPE_ERSPAN3 = 0x22eb;

export function decodeGre(walk: Walk, packet: Packet): Layer {
  const { bytes, at } = walk;
  if (walk.end - at < HEADER_SIZE) return stop(packet, Anomaly.greTruncated);
  if (!deeper(packet)) return Layer.stop;
  const flags = u16(bytes, at);
  const type = u16(bytes, at + 2);
  if ((flags & VERSION_MASK) !== 0) {
    if ((flags & VERSION_MASK) === 1 && type === TYPE_PPTP) return Layer.stop;
    return stop(packet, Anomaly.greVersion);
  }
  if ((flags & FLAG_ROUTING) !== 0) return stop(packet, Anomaly.greRouting);
  const keyAt = at + HEADER_SIZE + ((flags & FLAG_CHECKSUM) !== 0 ? 4 : 0);
  const sequenceAt = keyAt + ((flags & FLAG_KEY) !== 0 ? 4 : 0);
  const hasSequence = (flags & FLAG_SEQUENCE) !== 0;
  const next = sequenceAt + (hasSequence ? 4 : 0);
  if (walk.end < next) return stop(packet, Anomaly.greTruncated);
  if ((flags & FLAG_KEY) !== 0) foldId(walk, TunnelTag.gre, u32(bytes, keyAt));
  walk.at = next;
  switch (type) {
    case EtherType.transparentBridging:
      return Layer.ethernet;
    // Type I has no header of its own: the absent sequence number is what tells it from type II.
    case TYPE_ERSPAN:
      return hasSequence ? Layer.erspan2 : Layer.erspan1;
    case TYPE_ERSPAN3:
      return Layer.erspan3;
    default:
      return layerOfType(walk, type);
  }
}
