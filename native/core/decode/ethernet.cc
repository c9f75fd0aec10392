#include "decode/ethernet.h"

#include "decode/ip.h"

namespace picket {

namespace {

constexpr uint32_t TYPE_AT = 12;
constexpr uint32_t HEADER_SIZE = 14;
/// Below this the type field is a length, IEEE 802.3 §3.2.6.
constexpr uint32_t TYPE_MIN = 0x0600;
/// LLC AA-AA-03 and an all-zero OUI, then an EtherType: RFC 1042.
constexpr uint32_t SNAP_SIZE = 8;

Layer layer_of_plain_type(uint32_t type) {
  switch (type) {
    case ether_type::ipv4: return Layer::ipv4;
    case ether_type::ipv6: return Layer::ipv6;
    case ether_type::vlan:
    case ether_type::provider_bridge:
    case ether_type::qinq: return Layer::vlan;
    case ether_type::mpls:
    case ether_type::mpls_multicast: return Layer::mpls;
    case ether_type::pppoe: return Layer::pppoe;
    default: return Layer::stop;
  }
}

Layer layer_of_snap(Walk& walk) {
  const uint8_t* bytes = walk.bytes;
  const uint32_t at = walk.at;
  if (walk.end - at < SNAP_SIZE) return Layer::stop;
  if (u16(bytes, at) != 0xaaaa || bytes[at + 2] != 0x03) return Layer::stop;
  if (bytes[at + 3] != 0 || u16(bytes, at + 4) != 0) return Layer::stop;
  walk.at = at + SNAP_SIZE;
  return layer_of_plain_type(u16(bytes, at + 6));
}

}  // namespace

Layer decode_ethernet(Walk& walk, Packet& packet) {
  const uint32_t at = walk.at;
  if (walk.end - at < HEADER_SIZE) return stop(packet, Anomaly::link_truncated);
  walk.at = at + HEADER_SIZE;
  return layer_of_type(walk, u16(walk.bytes, at + TYPE_AT));
}

Layer layer_of_type(Walk& walk, uint32_t type) {
  return type < TYPE_MIN ? layer_of_snap(walk) : layer_of_plain_type(type);
}

bool plausible_ethernet(const Walk& walk, uint32_t at) {
  if (walk.left(at) < HEADER_SIZE) return false;
  const uint32_t inner = at + HEADER_SIZE;
  switch (u16(walk.bytes, at + TYPE_AT)) {
    case ether_type::ipv4: return plausible_ipv4(walk, inner);
    case ether_type::ipv6: return plausible_ipv6(walk, inner);
    case ether_type::arp:
    case ether_type::vlan:
    case ether_type::provider_bridge:
    case ether_type::qinq:
    case ether_type::mpls:
    case ether_type::mpls_multicast:
    case ether_type::pppoe_discovery:
    case ether_type::pppoe: return true;
    default: return false;
  }
}

}  // namespace picket
