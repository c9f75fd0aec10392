/// GENEVE (RFC 8926 §3.4) on its registered port, accepted like VXLAN only when all of it reads
/// well. Twin: packages/observer/src/decode/geneve.ts.
#pragma once

#include "decode/walk.h"

namespace picket {

constexpr uint16_t GENEVE_PORT = 6081;

/// `walk.at` is at the UDP payload, whose facts the packet already holds.
Layer decode_geneve(Walk& walk, Packet& packet);

}  // namespace picket
