#include "decode/gre.h"

#include "decode/ethernet.h"

namespace picket {

namespace {

constexpr uint32_t HEADER_SIZE = 4;
constexpr uint32_t FLAG_CHECKSUM = 0x8000;
constexpr uint32_t FLAG_ROUTING = 0x4000;
constexpr uint32_t FLAG_KEY = 0x2000;
constexpr uint32_t FLAG_SEQUENCE = 0x1000;
constexpr uint32_t VERSION_MASK = 0x0007;
/// RFC 2637 §4.1: PPTP's enhanced GRE, version 1; its payload is compressed or encrypted PPP.
constexpr uint32_t TYPE_PPTP = 0x880b;
/// Cisco's, draft-foschiano-erspan-03 §4.
constexpr uint32_t TYPE_ERSPAN = 0x88be;
constexpr uint32_t TYPE_ERSPAN3 = 0x22eb;

}  // namespace

Layer decode_gre(Walk& walk, Packet& packet) {
  const uint8_t* bytes = walk.bytes;
  const uint32_t at = walk.at;
  if (walk.end - at < HEADER_SIZE) return stop(packet, Anomaly::gre_truncated);
  if (!deeper(packet)) return Layer::stop;
  const uint32_t flags = u16(bytes, at);
  const uint32_t type = u16(bytes, at + 2);
  if ((flags & VERSION_MASK) != 0) {
    if ((flags & VERSION_MASK) == 1 && type == TYPE_PPTP) return Layer::stop;
    return stop(packet, Anomaly::gre_version);
  }
  if ((flags & FLAG_ROUTING) != 0) return stop(packet, Anomaly::gre_routing);
  const uint32_t key_at = at + HEADER_SIZE + ((flags & FLAG_CHECKSUM) != 0 ? 4 : 0);
  const uint32_t sequence_at = key_at + ((flags & FLAG_KEY) != 0 ? 4 : 0);
  const bool has_sequence = (flags & FLAG_SEQUENCE) != 0;
  const uint32_t next = sequence_at + (has_sequence ? 4 : 0);
  if (walk.end < next) return stop(packet, Anomaly::gre_truncated);
  if ((flags & FLAG_KEY) != 0) fold_id(walk, TunnelTag::gre, u32(bytes, key_at));
  walk.at = next;
  switch (type) {
    case ether_type::transparent_bridging: return Layer::ethernet;
    // Type I has no header of its own: the absent sequence number is what tells it from type II.
    case TYPE_ERSPAN: return has_sequence ? Layer::erspan2 : Layer::erspan1;
    case TYPE_ERSPAN3: return Layer::erspan3;
    default: return layer_of_type(walk, type);
  }
}

}  // namespace picket
