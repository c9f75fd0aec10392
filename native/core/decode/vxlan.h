/// VXLAN (RFC 7348 §5) on its registered port. A port number proves nothing, so the header and the
/// inner frame must read well, or the datagram stays the plain UDP it was.
/// Twin: packages/observer/src/decode/vxlan.ts.
#pragma once

#include "decode/walk.h"

namespace picket {

constexpr uint16_t VXLAN_PORT = 4789;

/// `walk.at` is at the UDP payload, whose facts the packet already holds.
Layer decode_vxlan(Walk& walk, Packet& packet);

}  // namespace picket
