/// What one probe packet tells about the tool that sent it, as `Trait` bits. Facts of one packet
/// only: whoever counts them judges. Twin: packages/observer/src/observe/traits.ts.
#pragma once

#include "decode/packet.h"

namespace picket {

/// Those that follow from how the packet is made. Of a SYN no address, port or number matters to
/// them, but for being 0 (`SynFacts`).
uint32_t shape_traits(const Packet& packet);

/// `shape` and those that every packet has its own of.
uint32_t with_own_traits(const Packet& packet, uint32_t shape);

/// Traits of an inbound probe; 0 for packets without transport facts, but for their fragments'.
inline uint32_t probe_traits(const Packet& packet) {
  return with_own_traits(packet, shape_traits(packet));
}

}  // namespace picket
