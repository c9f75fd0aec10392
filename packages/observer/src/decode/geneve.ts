/**
 * GENEVE (RFC 8926 §3.4) on its registered port, accepted like VXLAN only when all of it reads
 * well. Twin: `native/core/decode/geneve.{h,cc}`.
 */
import { Anomaly } from './anomaly.js';
import { EtherType, plausibleEthernet } from './ethernet.js';
import { plausibleIpv4, plausibleIpv6 } from './ip.js';
import type { Packet } from './packet.js';
import { deeper, foldId, Layer, stop, TunnelTag, u16, u32, type Walk } from './walk.js';

export const GENEVE_PORT = 6081;
/**
 * Version 2 bits, option length 6 bits in 4-byte words, flags u8, protocol u16, VNI 24 bits, u8.
 */
const HEADER_SIZE = 8;
const PROTOCOL_AT = 2;
const VNI_AT = 4;

/** `walk.at` is at the UDP payload, whose facts the packet already holds. */
export function decodeGeneve(walk: Walk, packet: Packet): Layer {
  const { bytes, at } = walk;
  if (walk.end - at < HEADER_SIZE) return stop(packet, Anomaly.geneveTruncated);
  if (bytes[at] >>> 6 !== 0) return stop(packet, Anomaly.geneveVersion);
  const inner = at + HEADER_SIZE + (bytes[at] & 0x3f) * 4;
  if (inner > walk.end) return stop(packet, Anomaly.geneveTruncated);
  const next = layerInside(walk, u16(bytes, at + PROTOCOL_AT), inner);
  if (next === Layer.stop || !deeper(packet)) return Layer.stop;
  foldId(walk, TunnelTag.geneve, u32(bytes, at + VNI_AT) >>> 8);
  walk.at = inner;
  return next;
}

function layerInside(walk: Walk, protocol: number, at: number): Layer {
  switch (protocol) {
    case EtherType.transparentBridging:
      return plausibleEthernet(walk, at) ? Layer.ethernet : Layer.stop;
    case EtherType.ipv4:
      return plausibleIpv4(walk, at) ? Layer.ipv4 : Layer.stop;
    case EtherType.ipv6:
      return plausibleIpv6(walk, at) ? Layer.ipv6 : Layer.stop;
    default:
      return Layer.stop;
  }
}
