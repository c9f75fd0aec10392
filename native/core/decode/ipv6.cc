#include "decode/ipv6.h"

#include "decode/fragments.h"
#include "decode/ip.h"

namespace picket {

namespace {

constexpr uint32_t HEADER_SIZE = 40;
constexpr uint32_t PAYLOAD_AT = 4;
constexpr uint32_t NEXT_AT = 6;
constexpr uint32_t HOP_LIMIT_AT = 7;
constexpr uint32_t SRC_AT = 8;
constexpr uint32_t DST_AT = 24;
constexpr uint32_t FRAGMENT_OFFSET_AT = 2;
constexpr uint32_t FRAGMENT_ID_AT = 4;
/// RFC 2675 §2: option type 0xc2, length 4, first in the hop-by-hop header.
constexpr uint8_t JUMBO_TYPE = 0xc2;

void write_facts(const Walk& walk, Packet& packet) {
  const uint8_t* bytes = walk.bytes;
  const uint32_t at = walk.at;
  const uint32_t first = u32(bytes, at);
  packet.ip_version = 6;
  packet.tos = static_cast<uint8_t>(first >> 20);
  packet.flow_label = first & 0xfffff;
  packet.ip_size = HEADER_SIZE + u16(bytes, at + PAYLOAD_AT);
  packet.ttl = bytes[at + HOP_LIMIT_AT];
  for (uint32_t word = 0; word < 4; word++) {
    packet.src.word[word] = u32(bytes, at + SRC_AT + word * 4);
    packet.dst.word[word] = u32(bytes, at + DST_AT + word * 4);
  }
}

/// A payload length of 0 means "see the jumbo option" only when there is one: Nmap's IP protocol
/// scan sends empty packets, and then what follows is Ethernet padding.
bool is_jumbogram(const Walk& walk) {
  const uint32_t option_at = walk.at + HEADER_SIZE + 2;
  return walk.bytes[walk.at + NEXT_AT] == ip_protocol::hop_by_hop && walk.left(option_at) >= 2 &&
         walk.bytes[option_at] == JUMBO_TYPE && walk.bytes[option_at + 1] == 4;
}

void clip(Walk& walk, Packet& packet, uint32_t wire_end) {
  if (wire_end > walk.wire_end) {
    if (!walk.partial) note(packet, Anomaly::ipv6_payload_length);
    walk.partial = true;
    return;
  }
  // The packet is whole although an outer layer was not: its own lengths and sums can be checked.
  walk.wire_end = wire_end;
  walk.partial = false;
  if (walk.end > wire_end) walk.end = wire_end;
}

/// RFC 8200 §4.5: offset in units of 8 bytes in the upper 13 bits, M the lowest bit. An atomic
/// fragment (RFC 6946) is a whole packet.
bool enter_fragment(Walk& walk, Packet& packet, Fragments& fragments, uint8_t next) {
  const uint32_t offset = u16(walk.bytes, walk.at + FRAGMENT_OFFSET_AT);
  packet.ip_id = u32(walk.bytes, walk.at + FRAGMENT_ID_AT);
  walk.at += EXTENSION_UNIT;
  set_other(walk, packet, next);
  if ((offset & 0xfff9) == 0) return true;
  return fragments.accept(walk, packet, offset & 0xfff8, (offset & 1) != 0);
}

/// Walks the extension headers to the transport. A malformed one is reported as the protocol.
Layer decode_extensions(Walk& walk, Packet& packet, Fragments& fragments, uint8_t protocol) {
  bool fragment_seen = false;
  for (uint32_t index = 0; is_extension(protocol); index++) {
    set_other(walk, packet, protocol);
    if (index >= limits::ipv6_extensions_max) {
      return stop(packet, Anomaly::ipv6_extensions_too_many);
    }
    const uint32_t size = extension_size(walk.bytes, walk.at, walk.end, protocol);
    if (size == 0) return stop(packet, Anomaly::ipv6_extension_truncated);
    if (protocol == ip_protocol::hop_by_hop && index > 0) {
      note(packet, Anomaly::ipv6_extension_order);
    }
    if (protocol == ip_protocol::routing && walk.bytes[walk.at + 3] != 0) walk.rerouted = true;
    const uint8_t next = walk.bytes[walk.at];
    packet.ip_options_size = static_cast<uint16_t>(packet.ip_options_size + size);
    if (protocol == ip_protocol::fragment) {
      if (fragment_seen) return stop(packet, Anomaly::ipv6_extension_order);
      fragment_seen = true;
      if (!enter_fragment(walk, packet, fragments, next)) return Layer::stop;
      protocol = packet.protocol;
    } else {
      walk.at += size;
      protocol = next;
    }
  }
  set_other(walk, packet, protocol);
  return layer_of_protocol(packet, protocol, 6);
}

}  // namespace

Layer decode_ipv6(Walk& walk, Packet& packet, Fragments& fragments) {
  const uint8_t* bytes = walk.bytes;
  const uint32_t at = walk.at;
  if (walk.end - at < HEADER_SIZE) return stop(packet, Anomaly::ipv6_truncated);
  if (bytes[at] >> 4 != 6) return stop(packet, Anomaly::ip_version);
  enter_ip(walk, packet);
  write_facts(walk, packet);
  const uint32_t payload = u16(bytes, at + PAYLOAD_AT);
  if (payload == 0 && is_jumbogram(walk)) note(packet, Anomaly::ipv6_jumbogram);
  else clip(walk, packet, at + HEADER_SIZE + payload);
  walk.at = at + HEADER_SIZE;
  return decode_extensions(walk, packet, fragments, bytes[at + NEXT_AT]);
}

bool is_extension(uint8_t protocol) {
  switch (protocol) {
    case ip_protocol::hop_by_hop:
    case ip_protocol::routing:
    case ip_protocol::fragment:
    case ip_protocol::authentication:
    case ip_protocol::destination:
    case ip_protocol::mobility:
    case ip_protocol::hip:
    case ip_protocol::shim6: return true;
    default: return false;
  }
}

uint32_t extension_size(const uint8_t* bytes, uint32_t at, uint32_t end, uint8_t protocol) {
  if (end - at < EXTENSION_UNIT) return 0;
  const uint32_t length = bytes[at + 1];
  uint32_t size = EXTENSION_UNIT + length * 8;
  if (protocol == ip_protocol::fragment) size = EXTENSION_UNIT;
  else if (protocol == ip_protocol::authentication) size = (length + 2) * 4;  // RFC 4302 §2.2
  return size > end - at ? 0 : size;
}

}  // namespace picket
