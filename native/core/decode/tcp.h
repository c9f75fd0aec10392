/// TCP (RFC 9293 §3.1).
/// Twin: packages/observer/src/decode/tcp.ts.
#pragma once

#include "decode/walk.h"

namespace picket {

Layer decode_tcp(Walk& walk, Packet& packet);

}  // namespace picket
