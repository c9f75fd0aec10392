/**
 * MPLS label stack (RFC 3032 §2.1) and what lies under it, which no field announces: IPv4, IPv6, or
 * an Ethernet pseudowire with or without a control word (RFC 4448 §4.6, RFC 4385 §3). Twin:
 * `native/core/decode/mpls.{h,cc}`.
 */
import { Anomaly } from './anomaly.js';
import { plausibleEthernet } from './ethernet.js';
import { plausibleIpv4, plausibleIpv6 } from './ip.js';
import type { Packet } from './packet.js';
import { deeper, Layer, stop, type Walk } from './walk.js';

/** Label 20 bits, traffic class 3, bottom of stack 1, TTL 8. */
const ENTRY_SIZE = 4;
const BOTTOM_AT = 2;
const CONTROL_WORD_SIZE = 4;

export function decodeMpls(walk: Walk, packet: Packet): Layer {
  const at = walk.at;
  if (walk.end - at < ENTRY_SIZE) return stop(packet, Anomaly.mplsTruncated);
  if (!deeper(packet)) return Layer.stop;
  walk.at = at + ENTRY_SIZE;
  if ((walk.bytes[at + BOTTOM_AT] & 1) === 0) return Layer.mpls;
  return layerUnderLabels(walk, packet);
}

/**
 * A MAC address may begin with the nibble 4 or 6, so IP is taken only when its lengths agree and
 * the bytes do not read better as Ethernet.
 */
function layerUnderLabels(walk: Walk, packet: Packet): Layer {
  const at = walk.at;
  if (walk.end - at < 1) return stop(packet, Anomaly.mplsTruncated);
  const nibble = walk.bytes[at] >>> 4;
  if (nibble === 4 && plausibleIpv4(walk, at)) return Layer.ipv4;
  if (nibble === 6 && plausibleIpv6(walk, at)) return Layer.ipv6;
  if (nibble === 0 && plausibleEthernet(walk, at + CONTROL_WORD_SIZE)) {
    walk.at = at + CONTROL_WORD_SIZE;
    return Layer.ethernet;
  }
  if (plausibleEthernet(walk, at)) return Layer.ethernet;
  // Neither reads well: let the IP decoder name what is wrong, if it is IP at all.
  return nibble === 4 ? Layer.ipv4 : nibble === 6 ? Layer.ipv6 : Layer.stop;
}
