#include "decode/ipv4.h"

#include "decode/checksum.h"
#include "decode/fragments.h"
#include "decode/ip.h"

namespace picket {

namespace {

constexpr uint32_t HEADER_SIZE = 20;
constexpr uint32_t TOTAL_AT = 2;
constexpr uint32_t ID_AT = 4;
constexpr uint32_t FRAGMENT_AT = 6;
constexpr uint32_t TTL_AT = 8;
constexpr uint32_t PROTOCOL_AT = 9;
constexpr uint32_t CHECKSUM_AT = 10;
constexpr uint32_t SRC_AT = 12;
constexpr uint32_t DST_AT = 16;
constexpr uint32_t FLAG_RESERVED = 0x8000;
constexpr uint32_t FLAG_DONT_FRAGMENT = 0x4000;
constexpr uint32_t FLAG_MORE = 0x2000;
constexpr uint32_t OFFSET_MASK = 0x1fff;
constexpr uint8_t OPTION_END = 0;
constexpr uint8_t OPTION_NOP = 1;
/// Loose and strict source route, RFC 791 §3.1: pointer at 2, past the length when used up.
constexpr uint8_t OPTION_LSRR = 131;
constexpr uint8_t OPTION_SSRR = 137;

/// Ends the layer where the packet says: what follows is padding, what is missing is noted.
void clip(Walk& walk, Packet& packet, uint32_t wire_end) {
  if (wire_end > walk.wire_end) {
    if (!walk.partial) note(packet, Anomaly::ipv4_total_length);
    walk.partial = true;
    return;
  }
  // The packet is whole although an outer layer was not: its own lengths and sums can be checked.
  walk.wire_end = wire_end;
  walk.partial = false;
  if (walk.end > wire_end) walk.end = wire_end;
}

Checksum header_verdict(const Walk& walk, Packet& packet, uint32_t header_size) {
  if (sum16(walk.bytes, walk.at, walk.at + header_size) == 0xffff) return Checksum::right;
  // Offloading senders leave the field 0 for the NIC.
  if (u16(walk.bytes, walk.at + CHECKSUM_AT) == 0) return Checksum::offload;
  note(packet, Anomaly::ipv4_checksum);
  return Checksum::wrong;
}

void write_facts(const Walk& walk, Packet& packet, uint32_t header_size, uint32_t total) {
  const uint8_t* bytes = walk.bytes;
  const uint32_t at = walk.at;
  const uint32_t fragment = u16(bytes, at + FRAGMENT_AT);
  packet.ip_version = 4;
  packet.src = {{0, 0, 0xffff, u32(bytes, at + SRC_AT)}};
  packet.dst = {{0, 0, 0xffff, u32(bytes, at + DST_AT)}};
  packet.tos = bytes[at + 1];
  packet.ttl = bytes[at + TTL_AT];
  packet.ip_id = u16(bytes, at + ID_AT);
  packet.dont_fragment = (fragment & FLAG_DONT_FRAGMENT) != 0;
  packet.ip_reserved_bit = (fragment & FLAG_RESERVED) != 0;
  packet.ip_options_size = static_cast<uint16_t>(header_size - HEADER_SIZE);
  packet.ip_size = total;
  packet.ip_checksum = header_verdict(walk, packet, header_size);
}

/// Walks the options for their lengths, and for a source route with stations left.
void check_options(Walk& walk, Packet& packet, uint32_t at, uint32_t end) {
  const uint8_t* bytes = walk.bytes;
  while (at < end) {
    const uint8_t kind = bytes[at];
    if (kind == OPTION_END) return;
    if (kind == OPTION_NOP) {
      at++;
      continue;
    }
    const uint32_t size = at + 1 < end ? bytes[at + 1] : 0;
    if (size < 2 || at + size > end) {
      note(packet, Anomaly::ipv4_option_length);
      return;
    }
    if ((kind == OPTION_LSRR || kind == OPTION_SSRR) && size > 2 && bytes[at + 2] <= size) {
      walk.rerouted = true;
    }
    at += size;
  }
}

}  // namespace

Layer decode_ipv4(Walk& walk, Packet& packet, Fragments& fragments) {
  const uint8_t* bytes = walk.bytes;
  const uint32_t at = walk.at;
  if (walk.end - at < HEADER_SIZE) return stop(packet, Anomaly::ipv4_truncated);
  if (bytes[at] >> 4 != 4) return stop(packet, Anomaly::ip_version);
  const uint32_t header_size = (bytes[at] & 15) * 4u;
  const uint32_t wire_size = walk.wire_end - at;
  if (header_size < HEADER_SIZE) return stop(packet, Anomaly::ipv4_header_length);
  if (header_size > wire_size && !walk.partial) return stop(packet, Anomaly::ipv4_header_length);
  if (header_size > walk.end - at) return stop(packet, Anomaly::ipv4_truncated);
  uint32_t total = u16(bytes, at + TOTAL_AT);
  // A frame handed to the NIC for segmentation may exceed the field; Linux then writes 0.
  if (total == 0) total = wire_size;
  if (total < header_size) return stop(packet, Anomaly::ipv4_total_length);
  enter_ip(walk, packet);
  write_facts(walk, packet, header_size, total);
  clip(walk, packet, at + total);
  if (header_size > HEADER_SIZE) check_options(walk, packet, at + HEADER_SIZE, at + header_size);
  const uint8_t protocol = bytes[at + PROTOCOL_AT];
  const uint32_t fragment = u16(bytes, at + FRAGMENT_AT);
  walk.at = at + header_size;
  set_other(walk, packet, protocol);
  if ((fragment & (FLAG_MORE | OFFSET_MASK)) != 0) {
    const uint32_t offset = (fragment & OFFSET_MASK) * 8;
    if (!fragments.accept(walk, packet, offset, (fragment & FLAG_MORE) != 0)) return Layer::stop;
  }
  return layer_of_protocol(packet, protocol, 4);
}

}  // namespace picket
