#include "decode/link.h"

#include "base/link_types.h"
#include "decode/ethernet.h"

namespace picket {

namespace {

/// LINUX_SLL: 16 bytes, protocol at 14. LINUX_SLL2: 20 bytes, protocol at 0.
constexpr uint32_t SLL_SIZE = 16;
constexpr uint32_t SLL_PROTOCOL_AT = 14;
constexpr uint32_t SLL2_SIZE = 20;

Layer decode_sll(Walk& walk, Packet& packet, uint32_t size, uint32_t protocol_at) {
  if (walk.end - walk.at < size) return stop(packet, Anomaly::link_truncated);
  const uint32_t protocol = u16(walk.bytes, walk.at + protocol_at);
  walk.at += size;
  return layer_of_type(walk, protocol);
}

/// BSD loopback: an address family, in the capturing host's byte order for NULL and in network
/// order for LOOP. Families: 2 is IPv4 everywhere; IPv6 is 10 (Linux), 24 (NetBSD, OpenBSD), 28
/// (FreeBSD), 30 (Darwin).
Layer decode_loop(Walk& walk, Packet& packet, bool host_order) {
  if (walk.end - walk.at < 4) return stop(packet, Anomaly::link_truncated);
  uint32_t family = u32(walk.bytes, walk.at);
  // Families are small: a value in the upper half was written by a little-endian host.
  if (host_order && (family & 0xffff) == 0) family = (family >> 24) | ((family >> 8) & 0xff00);
  walk.at += 4;
  switch (family) {
    case 2: return Layer::ipv4;
    case 10:
    case 24:
    case 28:
    case 30: return Layer::ipv6;
    default: return Layer::stop;
  }
}

}  // namespace

Layer decode_link(Walk& walk, Packet& packet, uint32_t type) {
  switch (type) {
    case link_type::ethernet: return decode_ethernet(walk, packet);
    case link_type::raw_bsd:
    case link_type::raw_openbsd:
    case link_type::raw: return Layer::ip;
    case link_type::null:
    case link_type::loop: return decode_loop(walk, packet, type == link_type::null);
    case link_type::linux_sll: return decode_sll(walk, packet, SLL_SIZE, SLL_PROTOCOL_AT);
    case link_type::linux_sll2: return decode_sll(walk, packet, SLL2_SIZE, 0);
    case link_type::ipv4: return Layer::ipv4;
    case link_type::ipv6: return Layer::ipv6;
    case link_type::ppp:
    case link_type::ppp_hdlc: return Layer::ppp;
    default: return stop(packet, Anomaly::link_type_unknown);
  }
}

}  // namespace picket
