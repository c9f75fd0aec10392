#include "decode/repeated_syn.h"

#include <bit>
#include <cstring>

#include "decode/checksum.h"
#include "decode/walk.h"

namespace picket {

namespace {

/// Offsets in a plain frame (plain.cc): Ethernet, IPv4 without options, TCP. Words of several
/// fields begin where the first one does.
constexpr uint32_t BEFORE_TYPE_AT = 10;
constexpr uint32_t IP_AT = 14;
constexpr uint32_t ID_AT = IP_AT + 4;
constexpr uint32_t FRAGMENT_AT = IP_AT + 6;
constexpr uint32_t IP_CHECKSUM_AT = IP_AT + 10;
constexpr uint32_t SRC_AT = IP_AT + 12;
constexpr uint32_t DST_AT = IP_AT + 16;
constexpr uint32_t IP_HEADER_SIZE = 20;
constexpr uint32_t PORTS_AT = IP_AT + IP_HEADER_SIZE;
constexpr uint32_t SEQ_AT = PORTS_AT + 4;
constexpr uint32_t ACK_AT = PORTS_AT + 8;
constexpr uint32_t TCP_CHECKSUM_AT = PORTS_AT + 16;
constexpr uint32_t URGENT_AT = PORTS_AT + 18;
constexpr uint32_t OPTIONS_AT = PORTS_AT + 20;
constexpr uint32_t HEADERS_SIZE_MAX = OPTIONS_AT + 40;

/// Of the eight bytes from BEFORE_TYPE_AT on, all but the two of the sender's MAC.
constexpr uint64_t TYPE_TO_LENGTH =
    std::endian::native == std::endian::little ? ~uint64_t{0xffff} : ~uint64_t{0} >> 16;

uint16_t half_at(const uint8_t* bytes) {
  uint16_t half;
  std::memcpy(&half, bytes, sizeof half);
  return half;
}

uint64_t long_at(const uint8_t* bytes) {
  uint64_t value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

uint64_t type_to_length(const uint8_t* frame) {
  return long_at(frame + BEFORE_TYPE_AT) & TYPE_TO_LENGTH;
}

}  // namespace

bool RepeatedSyns::is_bare(const Packet& packet) {
  return packet.transport == Transport::tcp && packet.transport_checksum == Checksum::right &&
         packet.payload_wire_size == 0 && (packet.tcp_ack | packet.tcp_urgent) == 0 &&
         packet.tcp_seq != 0 && packet.ip_id != 0;
}

bool RepeatedSyn::repeats(const uint8_t* frame) const {
  const uint64_t differing = (type_to_length(frame) ^ type_to_length_) |
                             (word_at(frame + FRAGMENT_AT) ^ fragment_to_protocol_) |
                             (long_at(frame + ACK_AT) ^ ack_to_window_) |
                             static_cast<uint64_t>(half_at(frame + URGENT_AT) ^ urgent_);
  if (differing != 0) return false;
  const uint8_t* options = frame + OPTIONS_AT;
  if (options_size_ == 0) return true;
  if (options_size_ == 4) return word_at(options) == word_at(options_);
  return std::memcmp(options, options_, options_size_) == 0;
}

bool RepeatedSyn::take(const uint8_t* frame, int64_t time_us) {
  const uint64_t addresses = uint64_t{word_at(frame + SRC_AT)} + word_at(frame + DST_AT);
  const uint64_t ip_sum =
      ip_sum_ + addresses + half_at(frame + ID_AT) + half_at(frame + IP_CHECKSUM_AT);
  const uint64_t tcp_sum = tcp_sum_ + addresses + word_at(frame + PORTS_AT) +
                           word_at(frame + SEQ_AT) + half_at(frame + TCP_CHECKSUM_AT);
  if ((fold64(ip_sum) & fold64(tcp_sum)) != 0xffff) return false;

  const uint32_t src = u32(frame, SRC_AT);
  const uint32_t dst = u32(frame, DST_AT);
  const uint32_t ports = u32(frame, PORTS_AT);
  packet_.ip_id = u16(frame, ID_AT);
  packet_.tcp_seq = u32(frame, SEQ_AT);
  packet_.src_port = static_cast<uint16_t>(ports >> 16);
  packet_.dst_port = static_cast<uint16_t>(ports);
  packet_.time_us = time_us;
  packet_.bytes = frame;
  set_v4(packet_.src, src);
  set_v4(packet_.dst, dst);
  // What the other ways find odd, they are to tell.
  return packet_.src_port != 0 && packet_.dst_port != 0 && src >> 24 != 127 && src != dst &&
         packet_.ip_id != 0 && packet_.tcp_seq != 0;
}

void RepeatedSyn::learn(const uint8_t* frame, const Packet& packet, uint64_t shape) {
  type_to_length_ = type_to_length(frame);
  fragment_to_protocol_ = word_at(frame + FRAGMENT_AT);
  ack_to_window_ = long_at(frame + ACK_AT);
  urgent_ = half_at(frame + URGENT_AT);
  options_size_ = packet.tcp_options_size;
  std::memcpy(options_, frame + OPTIONS_AT, options_size_);

  uint8_t equal[HEADERS_SIZE_MAX];
  const uint32_t end = OPTIONS_AT + options_size_;
  std::memcpy(equal, frame, end);
  std::memset(equal + ID_AT, 0, 2);
  std::memset(equal + IP_CHECKSUM_AT, 0, 2);
  std::memset(equal + SRC_AT, 0, 8);
  std::memset(equal + PORTS_AT, 0, 8);
  std::memset(equal + TCP_CHECKSUM_AT, 0, 2);
  ip_sum_ = sum_in_host_order(equal + IP_AT, IP_HEADER_SIZE);
  tcp_sum_ = sum_in_host_order(equal + PORTS_AT, end - PORTS_AT) +
             from_host_order(packet.protocol) + from_host_order(end - PORTS_AT);

  packet_ = packet;
  packet_.shape = shape;
}

}  // namespace picket
