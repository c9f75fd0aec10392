#include "decode/vlan.h"

#include "decode/ethernet.h"

namespace picket {

/// Tag control information u16 (VLAN id in the lower 12 bits), then the next EtherType u16.
constexpr uint32_t TAG_SIZE = 4;

Layer decode_vlan(Walk& walk, Packet& packet) {
  const uint32_t at = walk.at;
  if (walk.end - at < TAG_SIZE) return stop(packet, Anomaly::vlan_truncated);
  if (!deeper(packet)) return Layer::stop;
  const uint32_t id = u16(walk.bytes, at) & 0x0fff;
  // Id 0 is a priority tag: the frame belongs to no VLAN, IEEE 802.1Q table 9-2.
  if (id != 0) fold_id(walk, TunnelTag::vlan, id);
  walk.at = at + TAG_SIZE;
  return layer_of_type(walk, u16(walk.bytes, at + 2));
}

}  // namespace picket
