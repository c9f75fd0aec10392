/// SCTP (RFC 9260 §3).
/// Twin: packages/observer/src/decode/sctp.ts.
#pragma once

#include "decode/walk.h"

namespace picket {

Layer decode_sctp(Walk& walk, Packet& packet);

}  // namespace picket
