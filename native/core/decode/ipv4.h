/// IPv4 (RFC 791 §3.1).
/// Twin: packages/observer/src/decode/ipv4.ts.
#pragma once

#include "decode/walk.h"

namespace picket {

class Fragments;

Layer decode_ipv4(Walk& walk, Packet& packet, Fragments& fragments);

}  // namespace picket
