#include "decode/tcp.h"

#include <algorithm>

#include "decode/checksum.h"
#include "decode/ip.h"

namespace picket {

namespace {

constexpr uint32_t HEADER_SIZE = 20;
constexpr uint32_t SEQ_AT = 4;
constexpr uint32_t ACK_AT = 8;
constexpr uint32_t OFFSET_AT = 12;
constexpr uint32_t WINDOW_AT = 14;
constexpr uint32_t CHECKSUM_AT = 16;
constexpr uint32_t URGENT_AT = 18;
constexpr uint8_t OPTION_END = 0;
constexpr uint8_t OPTION_NOP = 1;
/// NOP, NOP, timestamps of 10 bytes: what nearly every packet of a connection carries.
constexpr uint32_t USUAL_OPTIONS = 0x0101080a;

/// Walks the options for their lengths, RFC 9293 §3.1: 0 and 1 are illegal for kinds other than 0
/// and 1. Options behind the snapshot are not judged.
void check_options(const Walk& walk, Packet& packet, uint32_t at, uint32_t end) {
  const uint8_t* bytes = walk.bytes;
  const uint32_t seen = std::min(end, walk.end);
  if (seen - at == 12 && u32(bytes, at) == USUAL_OPTIONS) return;
  while (at < seen) {
    const uint8_t kind = bytes[at];
    if (kind == OPTION_END) return;
    if (kind == OPTION_NOP) {
      at++;
      continue;
    }
    if (at + 1 >= seen && seen < end) return;
    const uint32_t size = at + 1 < seen ? bytes[at + 1] : 0;
    if (size < 2 || at + size > end) {
      note(packet, Anomaly::tcp_option_length);
      return;
    }
    at += size;
  }
}

Checksum verdict(const Walk& walk, Packet& packet) {
  const uint32_t at = walk.at;
  if (walk.partial || walk.rerouted || walk.end != walk.wire_end) return Checksum::unverified;
  const uint32_t pseudo = pseudo_sum(packet, ip_protocol::tcp, walk.end - at);
  const uint32_t covered = fold(pseudo + sum16(walk.bytes, at, walk.end));
  const Checksum result = judge16(u16(walk.bytes, at + CHECKSUM_AT), covered, pseudo);
  if (result > Checksum::offload) note(packet, Anomaly::tcp_checksum);
  return result;
}

}  // namespace

Layer decode_tcp(Walk& walk, Packet& packet) {
  const uint8_t* bytes = walk.bytes;
  const uint32_t at = walk.at;
  if (walk.end - at < HEADER_SIZE) return stop(packet, Anomaly::tcp_truncated);
  const uint32_t header_size = (bytes[at + OFFSET_AT] >> 4) * 4u;
  if (header_size < HEADER_SIZE || (header_size > walk.wire_end - at && !walk.partial)) {
    return stop(packet, Anomaly::tcp_header_length);
  }
  packet.transport = Transport::tcp;
  packet.src_port = static_cast<uint16_t>(u16(bytes, at));
  packet.dst_port = static_cast<uint16_t>(u16(bytes, at + 2));
  packet.tcp_seq = u32(bytes, at + SEQ_AT);
  packet.tcp_ack = u32(bytes, at + ACK_AT);
  packet.tcp_flags = u16(bytes, at + OFFSET_AT) & 0x1ff;
  packet.tcp_window = static_cast<uint16_t>(u16(bytes, at + WINDOW_AT));
  packet.tcp_urgent = static_cast<uint16_t>(u16(bytes, at + URGENT_AT));
  const uint32_t options_end = std::min(at + header_size, walk.end);
  packet.tcp_options_at = at + HEADER_SIZE;
  packet.tcp_options_size = static_cast<uint8_t>(options_end - at - HEADER_SIZE);
  if (header_size > HEADER_SIZE) check_options(walk, packet, at + HEADER_SIZE, at + header_size);
  if (packet.src_port == 0 || packet.dst_port == 0) note(packet, Anomaly::port_zero);
  packet.transport_checksum = verdict(walk, packet);
  set_payload(walk, packet, at + header_size);
  return Layer::stop;
}

}  // namespace picket
