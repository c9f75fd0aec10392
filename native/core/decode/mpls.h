/// MPLS label stack (RFC 3032 §2.1) and what lies under it, which no field announces: IPv4, IPv6,
/// or an Ethernet pseudowire with or without a control word (RFC 4448 §4.6, RFC 4385 §3). Twin:
/// packages/observer/src/decode/mpls.ts.
#pragma once

#include "decode/walk.h"

namespace picket {

Layer decode_mpls(Walk& walk, Packet& packet);

}  // namespace picket
