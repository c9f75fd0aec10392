#include "decode/pppoe.h"

namespace picket {

namespace {

/// Version and type u8, code u8, session u16, length u16.
constexpr uint32_t HEADER_SIZE = 6;
constexpr uint32_t CODE_AT = 1;
constexpr uint32_t SESSION_AT = 2;
constexpr uint32_t LENGTH_AT = 4;

}  // namespace

Layer decode_pppoe(Walk& walk, Packet& packet) {
  const uint8_t* bytes = walk.bytes;
  const uint32_t at = walk.at;
  if (walk.end - at < HEADER_SIZE) return stop(packet, Anomaly::pppoe_truncated);
  if (!deeper(packet)) return Layer::stop;
  if (bytes[at + CODE_AT] != 0) return Layer::stop;  // discovery: no PPP inside
  fold_id(walk, TunnelTag::pppoe, u16(bytes, at + SESSION_AT));
  walk.at = at + HEADER_SIZE;
  const uint32_t wire_end = walk.at + u16(bytes, at + LENGTH_AT);
  if (wire_end > walk.wire_end) {
    if (!walk.partial) note(packet, Anomaly::pppoe_length);
  } else {
    walk.wire_end = wire_end;  // what follows is Ethernet padding
    if (walk.end > wire_end) walk.end = wire_end;
  }
  return Layer::ppp;
}

Layer decode_ppp(Walk& walk, Packet& packet) {
  const uint8_t* bytes = walk.bytes;
  uint32_t at = walk.at;
  if (walk.end - at >= 2 && u16(bytes, at) == 0xff03) at += 2;
  if (walk.end - at < 1) return stop(packet, Anomaly::pppoe_truncated);
  uint32_t protocol = bytes[at++];
  if ((protocol & 1) == 0) {
    if (walk.end - at < 1) return stop(packet, Anomaly::pppoe_truncated);
    protocol = (protocol << 8) | bytes[at++];
  }
  walk.at = at;
  switch (protocol) {
    case 0x0021: return Layer::ipv4;
    case 0x0057: return Layer::ipv6;
    case 0x0281:
    case 0x0283: return Layer::mpls;
    default: return Layer::stop;
  }
}

}  // namespace picket
