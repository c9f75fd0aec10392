#include "decode/vxlan.h"

#include "decode/ethernet.h"

namespace picket {

namespace {

/// Flags u8, reserved 24 bits (group policy uses some), VNI 24 bits, reserved u8.
constexpr uint32_t HEADER_SIZE = 8;
constexpr uint32_t FLAG_VNI = 0x08;
constexpr uint32_t VNI_AT = 4;

}  // namespace

Layer decode_vxlan(Walk& walk, Packet& packet) {
  const uint8_t* bytes = walk.bytes;
  const uint32_t at = walk.at;
  if (walk.end - at < HEADER_SIZE) return stop(packet, Anomaly::vxlan_truncated);
  if ((bytes[at] & FLAG_VNI) == 0) return stop(packet, Anomaly::vxlan_flags);
  if (!plausible_ethernet(walk, at + HEADER_SIZE)) return Layer::stop;
  if (!deeper(packet)) return Layer::stop;
  fold_id(walk, TunnelTag::vxlan, u32(bytes, at + VNI_AT) >> 8);
  walk.at = at + HEADER_SIZE;
  return Layer::ethernet;
}

}  // namespace picket
