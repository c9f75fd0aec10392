/// Every way a frame can be wrong, by layer. Each has a counter in `stats`; decoding keeps what it
/// read before the anomaly and trusts nothing after it. Names go to stats as they are: snake_case,
/// at most 64.
#pragma once

#include <cstdint>

namespace picket {

enum class Anomaly : uint8_t {
  link_truncated,                ///< frame shorter than its link-layer header
  link_type_unknown,             ///< a link type we cannot read
  vlan_truncated,
  mpls_truncated,
  pppoe_truncated,
  pppoe_length,                  ///< PPPoE length field disagrees with the frame
  layers_too_many,               ///< more encapsulations than limits::decode_depth_max
  ip_version,                    ///< version nibble neither 4 nor 6, or not the one announced
  ipv4_truncated,
  ipv4_header_length,            ///< IHL below 5 or beyond the packet
  ipv4_total_length,             ///< total length below the header's, or beyond the wire
  ipv4_option_length,
  ipv4_checksum,
  ipv6_truncated,
  ipv6_payload_length,
  ipv6_extension_truncated,
  ipv6_extensions_too_many,
  ipv6_extension_order,          ///< hop-by-hop not first, or a duplicate fragment header
  ipv6_jumbogram,
  fragment_tiny,                 ///< first fragment without a whole transport header
  fragment_overlap,
  fragment_conflict,
  fragment_too_far,              ///< offset plus size beyond 65,535
  fragment_length,               ///< more-fragments with a size that is no multiple of 8
  fragment_table_full,           ///< an unfinished datagram was given up to make room
  gre_truncated,
  gre_version,
  gre_routing,                   ///< deprecated source routing present
  erspan_truncated,
  erspan_version,
  vxlan_truncated,
  vxlan_flags,                   ///< UDP 4789 without the I flag: taken as plain UDP
  geneve_truncated,
  geneve_version,
  tcp_truncated,
  tcp_header_length,             ///< data offset below 5 or beyond the segment
  tcp_option_length,
  tcp_checksum,
  udp_truncated,
  udp_length,                    ///< length below 8 or beyond the datagram
  udp_checksum,
  icmp_truncated,
  icmp_checksum,
  icmp_quote_truncated,          ///< error message without a usable quoted packet
  sctp_truncated,
  sctp_chunk_length,
  sctp_checksum,
  address_martian,               ///< source equals destination, or a loopback source on the wire
  port_zero,
  ANOMALY_COUNT,
};

}  // namespace picket
