/// The anomalies' names as `stats` shows them, by code. Twin: `ANOMALY_NAMES` in
/// packages/observer/src/decode/anomaly.ts.
#pragma once

#include <array>
#include <cstddef>

#include "decode/anomaly.h"

namespace picket {

constexpr std::array ANOMALY_NAMES = {
    "link_truncated",
    "link_type_unknown",
    "vlan_truncated",
    "mpls_truncated",
    "pppoe_truncated",
    "pppoe_length",
    "layers_too_many",
    "ip_version",
    "ipv4_truncated",
    "ipv4_header_length",
    "ipv4_total_length",
    "ipv4_option_length",
    "ipv4_checksum",
    "ipv6_truncated",
    "ipv6_payload_length",
    "ipv6_extension_truncated",
    "ipv6_extensions_too_many",
    "ipv6_extension_order",
    "ipv6_jumbogram",
    "fragment_tiny",
    "fragment_overlap",
    "fragment_conflict",
    "fragment_too_far",
    "fragment_length",
    "fragment_table_full",
    "gre_truncated",
    "gre_version",
    "gre_routing",
    "erspan_truncated",
    "erspan_version",
    "vxlan_truncated",
    "vxlan_flags",
    "geneve_truncated",
    "geneve_version",
    "tcp_truncated",
    "tcp_header_length",
    "tcp_option_length",
    "tcp_checksum",
    "udp_truncated",
    "udp_length",
    "udp_checksum",
    "icmp_truncated",
    "icmp_checksum",
    "icmp_quote_truncated",
    "sctp_truncated",
    "sctp_chunk_length",
    "sctp_checksum",
    "address_martian",
    "port_zero",
};
static_assert(ANOMALY_NAMES.size() == static_cast<size_t>(Anomaly::ANOMALY_COUNT));

}  // namespace picket
