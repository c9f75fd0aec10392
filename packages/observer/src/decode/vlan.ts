/**
 * 802.1Q and stacked tags (802.1ad, 0x9100), IEEE 802.1Q §9. Twin:
 * `native/core/decode/vlan.{h,cc}`.
 */
import { Anomaly } from './anomaly.js';
import { layerOfType } from './ethernet.js';
import type { Packet } from './packet.js';
import { deeper, foldId, Layer, stop, TunnelTag, u16, type Walk } from './walk.js';

/** Tag control information u16 (VLAN id in the lower 12 bits), then the next EtherType u16. */
const TAG_SIZE = 4;

export function decodeVlan(walk: Walk, packet: Packet): Layer {
  const at = walk.at;
  if (walk.end - at < TAG_SIZE) return stop(packet, Anomaly.vlanTruncated);
  if (!deeper(packet)) return Layer.stop;
  const id = u16(walk.bytes, at) & 0x0fff;
  // Id 0 is a priority tag: the frame belongs to no VLAN, IEEE 802.1Q table 9-2.
  if (id !== 0) foldId(walk, TunnelTag.vlan, id);
  walk.at = at + TAG_SIZE;
  return layerOfType(walk, u16(walk.bytes, at + 2));
}
