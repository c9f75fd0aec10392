/// IPv6 and its extension headers (RFC 8200 §3, §4).
/// Twin: packages/observer/src/decode/ipv6.ts.
#pragma once

#include "decode/walk.h"

namespace picket {

class Fragments;

/// Every extension header is a multiple of 8 bytes: next header u8, length u8, rest.
constexpr uint32_t EXTENSION_UNIT = 8;

Layer decode_ipv6(Walk& walk, Packet& packet, Fragments& fragments);

bool is_extension(uint8_t protocol);

/// Bytes of the extension header at `at`, or 0 when it does not fit before `end`.
uint32_t extension_size(const uint8_t* bytes, uint32_t at, uint32_t end, uint8_t protocol);

}  // namespace picket
