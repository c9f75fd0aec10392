/** Ethernet II and 802.3 with SNAP, IEEE 802.3 §3. Twin: `native/core/decode/ethernet.{h,cc}`. */
import { Anomaly } from './anomaly.js';
import { plausibleIpv4, plausibleIpv6 } from './ip.js';
import type { Packet } from './packet.js';
import { Layer, stop, u16, type Walk } from './walk.js';

const TYPE_AT = 12;
const HEADER_SIZE = 14;
/** Below this the type field is a length, IEEE 802.3 §3.2.6. */
const TYPE_MIN = 0x0600;
/** LLC AA-AA-03 and an all-zero OUI, then an EtherType: RFC 1042. */
const SNAP_SIZE = 8;

export const EtherType = {
  ipv4: 0x0800,
  arp: 0x0806,
  transparentBridging: 0x6558,
  vlan: 0x8100,
  ipv6: 0x86dd,
  mpls: 0x8847,
  mplsMulticast: 0x8848,
  pppoeDiscovery: 0x8863,
  pppoe: 0x8864,
  providerBridge: 0x88a8,
  qinq: 0x9100,
} as const;

export function decodeEthernet(walk: Walk, packet: Packet): Layer {
  const at = walk.at;
  if (walk.end - at < HEADER_SIZE) return stop(packet, Anomaly.linkTruncated);
  walk.at = at + HEADER_SIZE;
  return layerOfType(walk, u16(walk.bytes, at + TYPE_AT));
}

/** The layer an EtherType announces; a length instead of a type may announce SNAP. */
export function layerOfType(walk: Walk, type: number): Layer {
  if (type < TYPE_MIN) return layerOfSnap(walk);
  switch (type) {
    case EtherType.ipv4:
      return Layer.ipv4;
    case EtherType.ipv6:
      return Layer.ipv6;
    case EtherType.vlan:
    case EtherType.providerBridge:
    case EtherType.qinq:
      return Layer.vlan;
    case EtherType.mpls:
    case EtherType.mplsMulticast:
      return Layer.mpls;
    case EtherType.pppoe:
      return Layer.pppoe;
    default:
      return Layer.stop;
  }
}

function layerOfSnap(walk: Walk): Layer {
  const { bytes, at } = walk;
  if (walk.end - at < SNAP_SIZE) return Layer.stop;
  if (u16(bytes, at) !== 0xaaaa || bytes[at + 2] !== 0x03) return Layer.stop;
  if (bytes[at + 3] !== 0 || u16(bytes, at + 4) !== 0) return Layer.stop;
  const type = u16(bytes, at + 6);
  if (type < TYPE_MIN) return Layer.stop;
  walk.at = at + SNAP_SIZE;
  return layerOfType(walk, type);
}

/** Whether the bytes at `at` read like an Ethernet frame that could carry IP. */
export function plausibleEthernet(walk: Walk, at: number): boolean {
  if (walk.end - at < HEADER_SIZE) return false;
  const inner = at + HEADER_SIZE;
  switch (u16(walk.bytes, at + TYPE_AT)) {
    case EtherType.ipv4:
      return plausibleIpv4(walk, inner);
    case EtherType.ipv6:
      return plausibleIpv6(walk, inner);
    case EtherType.arp:
    case EtherType.vlan:
    case EtherType.providerBridge:
    case EtherType.qinq:
    case EtherType.mpls:
    case EtherType.mplsMulticast:
    case EtherType.pppoeDiscovery:
    case EtherType.pppoe:
      return true;
    default:
      return false;
  }
}
