#include "decode/mpls.h"

#include "decode/ethernet.h"
#include "decode/ip.h"

namespace picket {

namespace {

/// Label 20 bits, traffic class 3, bottom of stack 1, TTL 8.
constexpr uint32_t ENTRY_SIZE = 4;
constexpr uint32_t BOTTOM_AT = 2;
constexpr uint32_t CONTROL_WORD_SIZE = 4;

/// A MAC address may begin with the nibble 4 or 6, so IP is taken only when its lengths agree and
/// the bytes do not read better as Ethernet.
Layer layer_under_labels(Walk& walk, Packet& packet) {
  const uint32_t at = walk.at;
  if (walk.end - at < 1) return stop(packet, Anomaly::mpls_truncated);
  const uint32_t nibble = walk.bytes[at] >> 4;
  if (nibble == 4 && plausible_ipv4(walk, at)) return Layer::ipv4;
  if (nibble == 6 && plausible_ipv6(walk, at)) return Layer::ipv6;
  if (nibble == 0 && plausible_ethernet(walk, at + CONTROL_WORD_SIZE)) {
    walk.at = at + CONTROL_WORD_SIZE;
    return Layer::ethernet;
  }
  if (plausible_ethernet(walk, at)) return Layer::ethernet;
  // Neither reads well: let the IP decoder name what is wrong, if it is IP at all.
  return nibble == 4 ? Layer::ipv4 : nibble == 6 ? Layer::ipv6 : Layer::stop;
}

}  // namespace

Layer decode_mpls(Walk& walk, Packet& packet) {
  const uint32_t at = walk.at;
  if (walk.end - at < ENTRY_SIZE) return stop(packet, Anomaly::mpls_truncated);
  if (!deeper(packet)) return Layer::stop;
  walk.at = at + ENTRY_SIZE;
  if ((walk.bytes[at + BOTTOM_AT] & 1) == 0) return Layer::mpls;
  return layer_under_labels(walk, packet);
}

}  // namespace picket
