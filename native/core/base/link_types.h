/// Link types the decoder reads, as numbered in capture files (LINKTYPE_ values of the tcpdump.org
/// registry). Twin: packages/observer/src/base/link-types.ts.
#pragma once

#include <cstdint>

namespace picket {

namespace link_type {
constexpr uint32_t null = 0;
constexpr uint32_t ethernet = 1;
constexpr uint32_t ppp = 9;
/// DLT_RAW as some writers put it into files without translating it: most systems, and OpenBSD.
constexpr uint32_t raw_bsd = 12;
constexpr uint32_t raw_openbsd = 14;
constexpr uint32_t ppp_hdlc = 50;
constexpr uint32_t raw = 101;
constexpr uint32_t loop = 108;
constexpr uint32_t linux_sll = 113;
constexpr uint32_t ipv4 = 228;
constexpr uint32_t ipv6 = 229;
constexpr uint32_t linux_sll2 = 276;
}  // namespace link_type

/// Whether the decoder can find an IP packet in frames of this type.
constexpr bool is_readable_link_type(uint32_t type) {
  switch (type) {
    case link_type::null:
    case link_type::ethernet:
    case link_type::ppp:
    case link_type::raw_bsd:
    case link_type::raw_openbsd:
    case link_type::ppp_hdlc:
    case link_type::raw:
    case link_type::loop:
    case link_type::linux_sll:
    case link_type::ipv4:
    case link_type::ipv6:
    case link_type::linux_sll2:
      return true;
    default:
      return false;
  }
}

}  // namespace picket
