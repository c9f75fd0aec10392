/**
 * VXLAN (RFC 7348 §5) on its registered port. A port number proves nothing, so the header and the
 * inner frame must read well, or the datagram stays the plain UDP it was.
 * Twin: `native/core/decode/vxlan.{h,cc}`.
 */
import { Anomaly } from './anomaly.js';
import { plausibleEthernet } from './ethernet.js';
import type { Packet } from './packet.js';
import { deeper, foldId, Layer, stop, TunnelTag, u32, type Walk } from './walk.js';

export const VXLAN_PORT = 4789;
/** Flags u8, reserved 24 bits (group policy uses some), VNI 24 bits, reserved u8. */
const HEADER_SIZE = 8;
const FLAG_VNI = 0x08;
const VNI_AT = 4;

/** `walk.at` is at the UDP payload, whose facts the packet already holds. */
export function decodeVxlan(walk: Walk, packet: Packet): Layer {
  const { bytes, at } = walk;
  if (walk.end - at < HEADER_SIZE) return stop(packet, Anomaly.vxlanTruncated);
  if ((bytes[at] & FLAG_VNI) === 0) return stop(packet, Anomaly.vxlanFlags);
  if (!plausibleEthernet(walk, at + HEADER_SIZE)) return Layer.stop;
  if (!deeper(packet)) return Layer.stop;
  foldId(walk, TunnelTag.vxlan, u32(bytes, at + VNI_AT) >>> 8);
  walk.at = at + HEADER_SIZE;
  return Layer.ethernet;
}
