/**
 * Link-layer headers by LINKTYPE value (tcpdump.org/linktypes.html). Twin:
 * `native/core/decode/link.{h,cc}`.
 */
import { LinkType } from '../base/link-types.js';
import { Anomaly } from './anomaly.js';
import { decodeEthernet, layerOfType } from './ethernet.js';
import type { Packet } from './packet.js';
import { Layer, stop, u16, u32, type Walk } from './walk.js';

/** LINUX_SLL: 16 bytes, protocol at 14. LINUX_SLL2: 20 bytes, protocol at 0. */
const SLL_SIZE = 16;
const SLL_PROTOCOL_AT = 14;
const SLL2_SIZE = 20;

export function decodeLink(walk: Walk, packet: Packet, linkType: number): Layer {
  switch (linkType) {
    case LinkType.ethernet:
      return decodeEthernet(walk, packet);
    case LinkType.rawBsd:
    case LinkType.rawOpenbsd:
    case LinkType.raw:
      return Layer.ip;
    case LinkType.null:
    case LinkType.loop:
      return decodeLoop(walk, packet, linkType === LinkType.null);
    case LinkType.linuxSll:
      return decodeSll(walk, packet, SLL_SIZE, SLL_PROTOCOL_AT);
    case LinkType.linuxSll2:
      return decodeSll(walk, packet, SLL2_SIZE, 0);
    case LinkType.ipv4:
      return Layer.ipv4;
    case LinkType.ipv6:
      return Layer.ipv6;
    case LinkType.ppp:
    case LinkType.pppHdlc:
      return Layer.ppp;
    default:
      return stop(packet, Anomaly.linkTypeUnknown);
  }
}

function decodeSll(walk: Walk, packet: Packet, size: number, protocolAt: number): Layer {
  if (walk.end - walk.at < size) return stop(packet, Anomaly.linkTruncated);
  const protocol = u16(walk.bytes, walk.at + protocolAt);
  walk.at += size;
  return layerOfType(walk, protocol);
}

/**
 * BSD loopback: an address family, in the capturing host's byte order for NULL and in network order
 * for LOOP. Families: 2 is IPv4 everywhere; IPv6 is 10 (Linux), 24 (NetBSD, OpenBSD), 28 (FreeBSD),
 * 30 (Darwin).
 */
function decodeLoop(walk: Walk, packet: Packet, hostOrder: boolean): Layer {
  if (walk.end - walk.at < 4) return stop(packet, Anomaly.linkTruncated);
  let family = u32(walk.bytes, walk.at);
  // Families are small: a value in the upper half was written by a little-endian host.
  if (hostOrder && (family & 0xffff) === 0) {
    family = (family >>> 24) | ((family >>> 8) & 0xff00);
  }
  walk.at += 4;
  switch (family) {
    case 2:
      return Layer.ipv4;
    case 10:
    case 24:
    case 28:
    case 30:
      return Layer.ipv6;
    default:
      return Layer.stop;
  }
}
