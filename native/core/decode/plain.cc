#include "decode/plain.h"

#include <algorithm>

#include "decode/checksum.h"
#include "decode/geneve.h"
#include "decode/ip.h"
#include "decode/plain_layout.h"
#include "decode/tcp.h"
#include "decode/vxlan.h"
#include "decode/walk.h"

namespace picket {

namespace {

constexpr uint32_t TCP_HEADER_SIZE = 20;
constexpr uint32_t UDP_HEADER_SIZE = 8;
/// EtherType IPv4, then version 4 and a header of five words.
constexpr uint32_t PLAIN_TYPE = 0x080045;
constexpr uint32_t FRAGMENT_RESERVED = 0x8000;
constexpr uint32_t FRAGMENT_DONT = 0x4000;

/// Where the IP packet ends, of what was captured and on the wire: offsets in the frame.
struct Extent {
  uint32_t end;
  uint32_t wire_end;
};

bool is_ip_header_right(const uint8_t* frame) {
  const uint64_t sum = uint64_t{word_at(frame + plain_at::ip)} + word_at(frame + plain_at::ip + 4) +
                       word_at(frame + plain_at::ip + 8) + word_at(frame + plain_at::src) +
                       word_at(frame + plain_at::dst);
  return fold64(sum) == 0xffff;
}

void write_ip(const uint8_t* frame, Packet& packet) {
  const uint32_t fragment = u16(frame, plain_at::fragment);
  packet.ip_version = 4;
  set_v4(packet.src, u32(frame, plain_at::src));
  set_v4(packet.dst, u32(frame, plain_at::dst));
  packet.tos = frame[plain_at::tos];
  packet.ttl = frame[plain_at::ttl];
  packet.ip_id = u16(frame, plain_at::id);
  packet.dont_fragment = (fragment & FRAGMENT_DONT) != 0;
  packet.ip_reserved_bit = (fragment & FRAGMENT_RESERVED) != 0;
  packet.ip_size = u16(frame, plain_at::total);
  packet.ip_checksum = Checksum::right;
  packet.protocol = frame[plain_at::protocol];
  packet.transport_at = plain_at::transport;
}

/// The ports and all that lies behind the transport header. False when a port is 0.
bool write_ends(const uint8_t* frame, Packet& packet, const Extent& extent, uint32_t payload_at) {
  packet.src_port = static_cast<uint16_t>(u16(frame, plain_at::transport));
  packet.dst_port = static_cast<uint16_t>(u16(frame, plain_at::transport + 2));
  packet.payload_at = payload_at;
  packet.payload_size = extent.end - payload_at;
  packet.payload_wire_size = extent.wire_end - payload_at;
  return packet.src_port != 0 && packet.dst_port != 0;
}

/// Sets the verdict on the transport's checksum, whose field stands at FIELD_AT. False when it is
/// wrong. One for each protocol, so that both are compiled into their caller.
template <uint32_t FIELD_AT>
bool judge_transport(const uint8_t* frame, Packet& packet, const Extent& extent) {
  packet.transport_checksum = Checksum::unverified;
  if (extent.end != extent.wire_end) return true;
  const uint32_t size = extent.end - plain_at::transport;
  const uint64_t pseudo = uint64_t{word_at(frame + plain_at::src)} +
                          word_at(frame + plain_at::dst) +
                          from_host_order(packet.protocol) + from_host_order(size);
  const uint32_t covered = fold64(pseudo + sum_in_host_order(frame + plain_at::transport, size));
  packet.transport_checksum = covered == 0xffff ? Checksum::right
                                                : judge16(u16(frame, FIELD_AT),
                                                          from_host_order(covered),
                                                          from_host_order(fold64(pseudo)));
  return packet.transport_checksum <= Checksum::offload;
}

bool decode_plain_tcp(const uint8_t* frame, Packet& packet, const Extent& extent) {
  if (extent.end < plain_at::transport + TCP_HEADER_SIZE) return false;
  const uint32_t header_size = (frame[plain_at::transport + tcp_field::offset] >> 4) * 4u;
  const uint32_t payload_at = plain_at::transport + header_size;
  if (header_size < TCP_HEADER_SIZE || payload_at > extent.end) return false;
  constexpr uint32_t options_at = plain_at::tcp_options;
  if (!tcp_options_fit(frame, options_at, payload_at, payload_at)) return false;
  packet.transport = Transport::tcp;
  write_tcp_fields(frame, plain_at::transport, packet);
  packet.tcp_options_at = options_at;
  packet.tcp_options_size = static_cast<uint8_t>(payload_at - options_at);
  constexpr uint32_t checksum_at = plain_at::transport + tcp_field::checksum;
  return write_ends(frame, packet, extent, payload_at) &&
         judge_transport<checksum_at>(frame, packet, extent);
}

bool decode_plain_udp(const uint8_t* frame, Packet& packet, Extent extent) {
  constexpr uint32_t length_at = plain_at::transport + 4;
  constexpr uint32_t checksum_at = plain_at::transport + 6;
  if (extent.end < plain_at::transport + UDP_HEADER_SIZE) return false;
  const uint32_t size = u16(frame, length_at);
  if (size < UDP_HEADER_SIZE || plain_at::transport + size > extent.wire_end) return false;
  extent.wire_end = plain_at::transport + size;
  extent.end = std::min(extent.end, extent.wire_end);
  packet.transport = Transport::udp;
  if (!write_ends(frame, packet, extent, plain_at::transport + UDP_HEADER_SIZE)) return false;
  // A tunnel goes on inside, which is the walk's to do.
  if (packet.dst_port == VXLAN_PORT || packet.dst_port == GENEVE_PORT) return false;
  // RFC 768: 0 is "none".
  packet.transport_checksum = Checksum::right;
  return u16(frame, checksum_at) == 0 || judge_transport<checksum_at>(frame, packet, extent);
}

}  // namespace

bool decode_plain(const uint8_t* frame, uint32_t captured, uint32_t wire, int64_t time_us,
                  Packet& packet) {
  if (captured < plain_at::transport || u32(frame, plain_at::type) >> 8 != PLAIN_TYPE) return false;
  const uint32_t wire_end = plain_at::ip + u16(frame, plain_at::total);
  const Extent extent{std::min(wire_end, captured), wire_end};
  const bool is_fragment =
      (u16(frame, plain_at::fragment) & ~(FRAGMENT_RESERVED | FRAGMENT_DONT)) != 0;
  if (wire_end > wire || is_fragment || !is_ip_header_right(frame)) return false;
  clear_frame(packet);
  packet.time_us = time_us;
  packet.bytes = frame;
  packet.captured_size = captured;
  packet.wire_size = wire;
  write_ip(frame, packet);
  const bool is_martian =
      packet.src.word[3] >> 24 == 127 || packet.src.word[3] == packet.dst.word[3];
  if (is_martian) return false;
  if (packet.protocol == ip_protocol::tcp) return decode_plain_tcp(frame, packet, extent);
  return packet.protocol == ip_protocol::udp && decode_plain_udp(frame, packet, extent);
}

}  // namespace picket
