/// UDP (RFC 768).
/// Twin: packages/observer/src/decode/udp.ts.
#pragma once

#include "decode/walk.h"

namespace picket {

Layer decode_udp(Walk& walk, Packet& packet);

}  // namespace picket
