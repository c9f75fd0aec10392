#include "decode/geneve.h"

#include "decode/ethernet.h"
#include "decode/ip.h"

namespace picket {

namespace {

/// Version 2 bits, option length 6 bits in 4-byte words, flags u8, protocol u16, VNI 24 bits, u8.
constexpr uint32_t HEADER_SIZE = 8;
constexpr uint32_t PROTOCOL_AT = 2;
constexpr uint32_t VNI_AT = 4;

Layer layer_inside(const Walk& walk, uint32_t protocol, uint32_t at) {
  switch (protocol) {
    case ether_type::transparent_bridging:
      return plausible_ethernet(walk, at) ? Layer::ethernet : Layer::stop;
    case ether_type::ipv4: return plausible_ipv4(walk, at) ? Layer::ipv4 : Layer::stop;
    case ether_type::ipv6: return plausible_ipv6(walk, at) ? Layer::ipv6 : Layer::stop;
    default: return Layer::stop;
  }
}

}  // namespace

Layer decode_geneve(Walk& walk, Packet& packet) {
  const uint8_t* bytes = walk.bytes;
  const uint32_t at = walk.at;
  if (walk.end - at < HEADER_SIZE) return stop(packet, Anomaly::geneve_truncated);
  if (bytes[at] >> 6 != 0) return stop(packet, Anomaly::geneve_version);
  const uint32_t inner = at + HEADER_SIZE + (bytes[at] & 0x3f) * 4;
  if (inner > walk.end) return stop(packet, Anomaly::geneve_truncated);
  const Layer next = layer_inside(walk, u16(bytes, at + PROTOCOL_AT), inner);
  if (next == Layer::stop || !deeper(packet)) return Layer::stop;
  fold_id(walk, TunnelTag::geneve, u32(bytes, at + VNI_AT) >> 8);
  walk.at = inner;
  return next;
}

}  // namespace picket
