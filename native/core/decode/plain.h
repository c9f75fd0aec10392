/// The frame that nearly all traffic is made of, in one pass: Ethernet, IPv4 without options or
/// fragments, TCP or UDP, and nothing wrong with it.
/// Twin: packages/observer/src/decode/plain.ts.
#pragma once

#include "decode/packet.h"

namespace picket {

/// Decodes such a frame as the walk would, to the field, a third of its work. False for every
/// other frame, and for one that is not sound: what is in `packet` means nothing then. The
/// arguments are those of `Decoder::decode`, with `wire` at least `captured`, and the link is
/// Ethernet.
[[gnu::noinline]] bool decode_plain(const uint8_t* frame, uint32_t captured, uint32_t wire,
                                     int64_t time_us, Packet& packet);

}  // namespace picket
