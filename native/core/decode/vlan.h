/// 802.1Q and stacked tags (802.1ad, 0x9100), IEEE 802.1Q §9.
/// Twin: packages/observer/src/decode/vlan.ts.
#pragma once

#include "decode/walk.h"

namespace picket {

Layer decode_vlan(Walk& walk, Packet& packet);

}  // namespace picket
