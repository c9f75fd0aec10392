#include "decode/icmp_quote.h"

#include "decode/ip.h"
#include "decode/ipv6.h"

namespace picket {

namespace {

constexpr uint32_t IPV4_HEADER_SIZE = 20;
constexpr uint32_t IPV6_HEADER_SIZE = 40;

void quote_ports(const Walk& walk, Packet& packet, uint8_t protocol, uint32_t at,
                 bool first_fragment) {
  packet.quoted_protocol = protocol;
  if (protocol != ip_protocol::tcp && protocol != ip_protocol::udp &&
      protocol != ip_protocol::sctp) {
    return;
  }
  if (!first_fragment || walk.left(at) < 4) return;
  packet.quoted_ports_valid = true;
  packet.quoted_src_port = static_cast<uint16_t>(u16(walk.bytes, at));
  packet.quoted_dst_port = static_cast<uint16_t>(u16(walk.bytes, at + 2));
}

void quote_ipv4(const Walk& walk, Packet& packet) {
  const uint8_t* bytes = walk.bytes;
  const uint32_t at = walk.at;
  const uint32_t header_size = (bytes[at] & 15) * 4u;
  if (header_size < IPV4_HEADER_SIZE) {
    note(packet, Anomaly::icmp_quote_truncated);
    return;
  }
  packet.quoted_version = 4;
  packet.quoted_src = {{0, 0, 0xffff, u32(bytes, at + 12)}};
  packet.quoted_dst = {{0, 0, 0xffff, u32(bytes, at + 16)}};
  const bool first_fragment = (u16(bytes, at + 6) & 0x1fff) == 0;
  quote_ports(walk, packet, bytes[at + 9], at + header_size, first_fragment);
}

void quote_ipv6(const Walk& walk, Packet& packet) {
  const uint8_t* bytes = walk.bytes;
  const uint32_t at = walk.at;
  packet.quoted_version = 6;
  for (uint32_t word = 0; word < 4; word++) {
    packet.quoted_src.word[word] = u32(bytes, at + 8 + word * 4);
    packet.quoted_dst.word[word] = u32(bytes, at + 24 + word * 4);
  }
  uint8_t protocol = bytes[at + 6];
  uint32_t next = at + IPV6_HEADER_SIZE;
  bool first_fragment = true;
  for (uint32_t index = 0; index < limits::ipv6_extensions_max && is_extension(protocol); index++) {
    const uint32_t size = extension_size(bytes, next, walk.end, protocol);
    if (size == 0) break;
    if (protocol == ip_protocol::fragment) first_fragment = (u16(bytes, next + 2) & 0xfff8) == 0;
    protocol = bytes[next];
    next += size;
    if (!first_fragment) break;
  }
  quote_ports(walk, packet, protocol, next, first_fragment);
}

}  // namespace

void decode_quote(const Walk& walk, Packet& packet) {
  const uint32_t size = walk.end - walk.at;
  const uint32_t version = size > 0 ? walk.bytes[walk.at] >> 4 : 0;
  if (version == 4 && size >= IPV4_HEADER_SIZE) quote_ipv4(walk, packet);
  else if (version == 6 && size >= IPV6_HEADER_SIZE) quote_ipv6(walk, packet);
  else note(packet, Anomaly::icmp_quote_truncated);
}

}  // namespace picket
