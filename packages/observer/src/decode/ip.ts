/**
 * What IPv4 and IPv6 share: protocol numbers and the test for a plausible header inside a tunnel.
 * Twin: `native/core/decode/ip.{h,cc}`.
 */
import { Anomaly } from './anomaly.js';
import type { Packet } from './packet.js';
import { deeper, Layer, stop, u16, type Walk } from './walk.js';

/** IANA protocol numbers. */
export const IpProtocol = {
  hopByHop: 0,
  icmp: 1,
  ipip: 4,
  tcp: 6,
  udp: 17,
  ipv6: 41,
  routing: 43,
  fragment: 44,
  gre: 47,
  authentication: 51,
  icmp6: 58,
  destination: 60,
  sctp: 132,
  mobility: 135,
  mplsInIp: 137,
  hip: 139,
  shim6: 140,
} as const;

/** The layer a protocol number announces inside an IP packet of `version`; counts IP-in-IP. */
export function layerOfProtocol(packet: Packet, protocol: number, version: number): Layer {
  switch (protocol) {
    case IpProtocol.tcp:
      return Layer.tcp;
    case IpProtocol.udp:
      return Layer.udp;
    case IpProtocol.icmp:
      return version === 4 ? Layer.icmp : Layer.stop;
    case IpProtocol.icmp6:
      return version === 6 ? Layer.icmp6 : Layer.stop;
    case IpProtocol.sctp:
      return Layer.sctp;
    case IpProtocol.gre:
      return Layer.gre;
    case IpProtocol.ipip:
      return deeper(packet) ? Layer.ipv4 : Layer.stop;
    case IpProtocol.ipv6:
      return deeper(packet) ? Layer.ipv6 : Layer.stop;
    case IpProtocol.mplsInIp:
      return Layer.mpls; // RFC 4023 §3
    default:
      return Layer.stop;
  }
}

/** Picks the IP version by the first nibble, for links and labels that do not announce it. */
export function decodeIp(walk: Walk, packet: Packet): Layer {
  if (walk.end - walk.at < 1) return stop(packet, Anomaly.linkTruncated);
  const version = walk.bytes[walk.at] >>> 4;
  if (version === 4) return Layer.ipv4;
  if (version === 6) return Layer.ipv6;
  return stop(packet, Anomaly.ipVersion);
}

/** Whether an IPv4 header could stand at `at`: version, header length and total length agree. */
export function plausibleIpv4(walk: Walk, at: number): boolean {
  if (walk.end - at < 20) return false;
  const first = walk.bytes[at];
  const headerSize = (first & 15) * 4;
  const total = u16(walk.bytes, at + 2);
  return (
    first >>> 4 === 4 &&
    headerSize >= 20 &&
    (total === 0 || total >= headerSize) &&
    (walk.partial || total <= walk.wireEnd - at)
  );
}

/** Whether an IPv6 header could stand at `at`: version and payload length agree. */
export function plausibleIpv6(walk: Walk, at: number): boolean {
  if (walk.end - at < 40) return false;
  return (
    walk.bytes[at] >>> 4 === 6 &&
    (walk.partial || u16(walk.bytes, at + 4) <= walk.wireEnd - at - 40)
  );
}
