/// PPPoE session (RFC 2516 §4) and PPP framing (RFC 1661 §2, RFC 1662 §3.1).
/// Twin: packages/observer/src/decode/pppoe.ts.
#pragma once

#include "decode/walk.h"

namespace picket {

Layer decode_pppoe(Walk& walk, Packet& packet);

/// A PPP frame: optional address and control (FF 03), then a protocol of one byte (odd) or two.
Layer decode_ppp(Walk& walk, Packet& packet);

}  // namespace picket
