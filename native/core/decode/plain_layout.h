/// Where things stand in a plain frame: Ethernet, IPv4 without options, then the transport. Offsets
/// from the frame's start; the protocols' own files say what the fields are. For those who take it
/// in one pass.
#pragma once

#include <cstdint>

namespace picket::plain_at {

constexpr uint32_t type = 12;
constexpr uint32_t ip = 14;
constexpr uint32_t tos = ip + 1;
constexpr uint32_t total = ip + 2;
constexpr uint32_t id = ip + 4;
constexpr uint32_t fragment = ip + 6;
constexpr uint32_t ttl = ip + 8;
constexpr uint32_t protocol = ip + 9;
constexpr uint32_t ip_checksum = ip + 10;
constexpr uint32_t src = ip + 12;
constexpr uint32_t dst = ip + 16;
/// Ports come first in TCP and UDP alike.
constexpr uint32_t transport = ip + 20;
constexpr uint32_t tcp_options = transport + 20;

}  // namespace picket::plain_at
