/// Source ports that careless filters let through, on packets that the service behind the port
/// would not send. Twin: packages/observer/src/observe/trusted-port.ts.
#pragma once

#include "decode/packet.h"

namespace picket {

/// The highest of them: NTP.
constexpr uint16_t TRUSTED_PORT_MAX = 123;

/// Whether a TCP SYN or a UDP datagram comes from a trusted port without being that service's.
bool is_trusted_source_port(const Packet& packet);

}  // namespace picket
