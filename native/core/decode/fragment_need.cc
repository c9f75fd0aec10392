#include "decode/fragment_need.h"

#include <algorithm>

#include "decode/ip.h"
#include "decode/ipv6.h"

namespace picket {

namespace {

constexpr uint32_t TCP_MIN = 20;
constexpr uint32_t TCP_OFFSET_AT = 12;
constexpr uint32_t UDP_SIZE = 8;
constexpr uint32_t ICMP_SIZE = 8;
/// Common header and the first chunk's.
constexpr uint32_t SCTP_SIZE = 16;

uint32_t transport_need(const uint8_t* bytes, uint32_t at, uint32_t end, uint8_t protocol,
                        uint8_t version) {
  switch (protocol) {
    case ip_protocol::tcp: {
      if (end - at <= TCP_OFFSET_AT) return TCP_MIN;
      return std::max((bytes[at + TCP_OFFSET_AT] >> 4) * 4u, TCP_MIN);
    }
    case ip_protocol::udp: return UDP_SIZE;
    case ip_protocol::icmp: return version == 4 ? ICMP_SIZE : 0;
    case ip_protocol::icmp6: return version == 6 ? ICMP_SIZE : 0;
    case ip_protocol::sctp: return SCTP_SIZE;
    default: return 0;
  }
}

}  // namespace

uint32_t header_need(const uint8_t* bytes, uint32_t at, uint32_t end, uint32_t wire_end,
                     uint8_t protocol, uint8_t version) {
  const uint32_t start = at;
  for (uint32_t index = 0; version == 6 && is_extension(protocol); index++) {
    if (index >= limits::ipv6_extensions_max) return at - start;
    if (wire_end - at < EXTENSION_UNIT) return at - start + EXTENSION_UNIT;
    const uint32_t size = extension_size(bytes, at, end, protocol);
    // Cut by the snapshot, or longer than what is there: wait for no more than can be known.
    if (size == 0) return at - start + EXTENSION_UNIT * (1 + (end - at > 1 ? bytes[at + 1] : 0u));
    protocol = bytes[at];
    at += size;
  }
  return at - start + transport_need(bytes, at, end, protocol, version);
}

}  // namespace picket
