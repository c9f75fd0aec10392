/// What one probe packet tells about the tool that sent it, as `Trait` bits. Facts of one packet
/// only: whoever counts them judges. Twin: packages/observer/src/observe/traits.ts.
#pragma once

#include "batch/layout.h"
#include "decode/packet.h"
#include "observe/scanner_marks.h"
#include "observe/trusted_port.h"

namespace picket {

/// Those that follow from how the packet is made. Of a SYN no address, port or number matters to
/// them, but for being 0 (`SynFacts`).
uint32_t shape_traits(const Packet& packet);

/// `shape` and those that every packet has its own of.
uint32_t with_own_traits(const Packet& packet, uint32_t shape);

/// The same for a SYN with a `shape` number: it is over IPv4 and nothing about it is wrong.
inline uint32_t with_own_traits_of_syn(const Packet& packet, uint32_t shape) {
  uint32_t traits = shape;
  if ((shape & TRAIT_MARK_CANDIDATE) != 0) {
    if (has_masscan_id(packet, packet.tcp_seq)) traits |= TRAIT_MARK_MASSCAN;
    if (packet.tcp_window == ZMAP_WINDOW && is_zmap(packet)) traits |= TRAIT_MARK_ZMAP;
    if (packet.tcp_seq == packet.dst.word[3]) traits |= TRAIT_MARK_MIRAI;
  }
  if (packet.src_port <= TRUSTED_PORT_MAX && is_trusted_source_port(packet)) {
    traits |= TRAIT_TRUSTED_SOURCE_PORT;
  }
  return traits;
}

/// Traits of an inbound probe; 0 for packets without transport facts, but for their fragments'.
inline uint32_t probe_traits(const Packet& packet) {
  return with_own_traits(packet, shape_traits(packet));
}

}  // namespace picket
