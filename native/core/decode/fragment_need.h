/// How many bytes of a datagram its transport header needs.
/// Twin: packages/observer/src/decode/fragment-need.ts.
#pragma once

#include "decode/walk.h"

namespace picket {

/// Bytes from `at` up to the end of the transport header, extension headers of the fragmentable
/// part included. What is not there yet counts with its least size, so the answer grows as bytes
/// arrive. `end` ends the bytes that can be read, `wire_end` those that were sent.
uint32_t header_need(const uint8_t* bytes, uint32_t at, uint32_t end, uint32_t wire_end,
                     uint8_t protocol, uint8_t version);

}  // namespace picket
