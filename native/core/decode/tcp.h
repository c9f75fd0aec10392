/// TCP (RFC 9293 §3.1).
/// Twin: packages/observer/src/decode/tcp.ts.
#pragma once

#include "decode/walk.h"

namespace picket {

/// Offsets from the header's start.
namespace tcp_field {
constexpr uint32_t seq = 4;
constexpr uint32_t ack = 8;
constexpr uint32_t offset = 12;
constexpr uint32_t window = 14;
constexpr uint32_t checksum = 16;
constexpr uint32_t urgent = 18;
}  // namespace tcp_field

Layer decode_tcp(Walk& walk, Packet& packet);

/// The fields that need no judgement, from a whole fixed header at `at`.
inline void write_tcp_fields(const uint8_t* bytes, uint32_t at, Packet& packet) {
  const uint32_t offset_to_window = u32(bytes, at + tcp_field::offset);
  packet.tcp_seq = u32(bytes, at + tcp_field::seq);
  packet.tcp_ack = u32(bytes, at + tcp_field::ack);
  packet.tcp_flags = (offset_to_window >> 16) & 0x1ff;
  packet.tcp_window = static_cast<uint16_t>(offset_to_window);
  packet.tcp_urgent = static_cast<uint16_t>(u16(bytes, at + tcp_field::urgent));
}

/// Walks the options in bytes[at..end), of which those up to `seen` are there, for their lengths:
/// 0 and 1 are illegal for kinds other than 0 and 1. Options behind the snapshot are not judged.
inline bool tcp_options_fit(const uint8_t* bytes, uint32_t at, uint32_t end, uint32_t seen) {
  constexpr uint8_t END = 0;
  constexpr uint8_t NOP = 1;
  // NOP, NOP, timestamps of 10 bytes: what nearly every packet of a connection carries.
  if (seen - at == 12 && u32(bytes, at) == 0x0101080a) return true;
  while (at < seen) {
    const uint8_t kind = bytes[at];
    if (kind == END) return true;
    if (kind == NOP) {
      at++;
      continue;
    }
    if (at + 1 >= seen && seen < end) return true;
    const uint32_t size = at + 1 < seen ? bytes[at + 1] : 0;
    if (size < 2 || at + size > end) return false;
    at += size;
  }
  return true;
}

}  // namespace picket
