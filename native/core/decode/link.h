/// Link-layer headers by LINKTYPE value (tcpdump.org/linktypes.html).
/// Twin: packages/observer/src/decode/link.ts.
#pragma once

#include "decode/walk.h"

namespace picket {

Layer decode_link(Walk& walk, Packet& packet, uint32_t type);

}  // namespace picket
