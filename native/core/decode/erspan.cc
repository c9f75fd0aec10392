#include "decode/erspan.h"

namespace picket {

namespace {

/// Type II: version (4 bits, 1), VLAN, class, session, index.
constexpr uint32_t HEADER2_SIZE = 8;
/// Type III: version (4 bits, 2) ..., timestamp, then SGT and a word of flags at 10.
constexpr uint32_t HEADER3_SIZE = 12;
constexpr uint32_t FLAGS3_AT = 10;
/// Bits of the flag word: frame type (5 bits from 10), and O, an optional subheader follows.
constexpr uint32_t FRAME_TYPE_SHIFT = 10;
constexpr uint32_t FRAME_TYPE_IP = 2;
constexpr uint32_t FLAG_SUBHEADER = 0x0001;
constexpr uint32_t SUBHEADER_SIZE = 8;

}  // namespace

Layer decode_erspan1(Walk&, Packet& packet) {
  return deeper(packet) ? Layer::ethernet : Layer::stop;
}

Layer decode_erspan2(Walk& walk, Packet& packet) {
  const uint32_t at = walk.at;
  if (walk.end - at < HEADER2_SIZE) return stop(packet, Anomaly::erspan_truncated);
  if (!deeper(packet)) return Layer::stop;
  if (walk.bytes[at] >> 4 != 1) return stop(packet, Anomaly::erspan_version);
  walk.at = at + HEADER2_SIZE;
  return Layer::ethernet;
}

Layer decode_erspan3(Walk& walk, Packet& packet) {
  const uint32_t at = walk.at;
  if (walk.end - at < HEADER3_SIZE) return stop(packet, Anomaly::erspan_truncated);
  if (!deeper(packet)) return Layer::stop;
  if (walk.bytes[at] >> 4 != 2) return stop(packet, Anomaly::erspan_version);
  const uint32_t flags = u16(walk.bytes, at + FLAGS3_AT);
  walk.at = at + HEADER3_SIZE;
  if ((flags & FLAG_SUBHEADER) != 0) {
    if (walk.end - walk.at < SUBHEADER_SIZE) return stop(packet, Anomaly::erspan_truncated);
    walk.at += SUBHEADER_SIZE;
  }
  return ((flags >> FRAME_TYPE_SHIFT) & 0x1f) == FRAME_TYPE_IP ? Layer::ip : Layer::ethernet;
}

}  // namespace picket
