/// ICMP (RFC 792) and ICMPv6 (RFC 4443).
/// Twin: packages/observer/src/decode/icmp.ts.
#pragma once

#include "decode/walk.h"

namespace picket {

Layer decode_icmp(Walk& walk, Packet& packet);
Layer decode_icmp6(Walk& walk, Packet& packet);

}  // namespace picket
