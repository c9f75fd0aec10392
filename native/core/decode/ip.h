/// What IPv4 and IPv6 share: protocol numbers and the test for a plausible header inside a tunnel.
/// Twin: packages/observer/src/decode/ip.ts.
#pragma once

#include "decode/walk.h"

namespace picket {

/// IANA protocol numbers.
namespace ip_protocol {
constexpr uint8_t hop_by_hop = 0;
constexpr uint8_t icmp = 1;
constexpr uint8_t ipip = 4;
constexpr uint8_t tcp = 6;
constexpr uint8_t udp = 17;
constexpr uint8_t ipv6 = 41;
constexpr uint8_t routing = 43;
constexpr uint8_t fragment = 44;
constexpr uint8_t gre = 47;
constexpr uint8_t authentication = 51;
constexpr uint8_t icmp6 = 58;
constexpr uint8_t destination = 60;
constexpr uint8_t sctp = 132;
constexpr uint8_t mobility = 135;
constexpr uint8_t mpls_in_ip = 137;
constexpr uint8_t hip = 139;
constexpr uint8_t shim6 = 140;
}  // namespace ip_protocol

/// The layer a protocol number announces inside an IP packet of `version`; counts IP-in-IP.
Layer layer_of_protocol(Packet& packet, uint8_t protocol, uint8_t version);

/// Picks the IP version by the first nibble, for links and labels that do not announce it.
Layer decode_ip(Walk& walk, Packet& packet);

/// Whether an IPv4 header could stand at `at`: version, header length and total length agree.
bool plausible_ipv4(const Walk& walk, uint32_t at);

/// Whether an IPv6 header could stand at `at`: version and payload length agree.
bool plausible_ipv6(const Walk& walk, uint32_t at);

}  // namespace picket
