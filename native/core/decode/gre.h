/// GRE with checksum, key and sequence number (RFC 2784, RFC 2890).
/// Twin: packages/observer/src/decode/gre.ts.
#pragma once

#include "decode/walk.h"

namespace picket {

Layer decode_gre(Walk& walk, Packet& packet);

}  // namespace picket
