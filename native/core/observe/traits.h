/// What one probe packet tells about the tool that sent it, as `Trait` bits. Facts of one packet
/// only: whoever counts them judges. Twin: packages/observer/src/observe/traits.ts.
#pragma once

#include "decode/packet.h"

namespace picket {

/// Traits of an inbound probe; 0 for packets without transport facts, but for their fragments'.
uint32_t probe_traits(const Packet& packet);

}  // namespace picket
