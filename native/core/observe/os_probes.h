/// Nmap's OS detection, probe by probe (osscan2.cc): the TCP probes by window, flags and the time
/// stamp 0xffffffff, ECN by window 3 and urgent pointer 0xf7f5, IE by its code and sequence number,
/// U1 by 300 bytes of 'C'. Twin: packages/observer/src/observe/os-probes.ts.
#pragma once

#include <cstdint>

#include "decode/packet.h"

namespace picket {

/// One TRAIT_OS_ bit, or 0.
uint32_t os_traits(const Packet& packet);

}  // namespace picket
