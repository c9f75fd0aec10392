#include "decode/repeated_syn.h"

#include <bit>
#include <cstring>

#include "decode/checksum.h"
#include "decode/tcp.h"
#include "decode/walk.h"

namespace picket {

namespace {

/// Words of several fields begin where the first one does.
constexpr uint32_t BEFORE_TYPE_AT = plain_at::type - 2;
constexpr uint32_t SEQ_AT = plain_at::transport + tcp_field::seq;
constexpr uint32_t ACK_AT = plain_at::transport + tcp_field::ack;
constexpr uint32_t CHECKSUM_AT = plain_at::transport + tcp_field::checksum;
constexpr uint32_t URGENT_AT = plain_at::transport + tcp_field::urgent;
constexpr uint32_t IP_HEADER_SIZE = plain_at::transport - plain_at::ip;
constexpr uint32_t HEADERS_SIZE_MAX = plain_at::tcp_options + 40;

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
                             (word_at(frame + plain_at::fragment) ^ fragment_to_protocol_) |
                             (long_at(frame + ACK_AT) ^ ack_to_window_) |
                             half_at(frame + URGENT_AT);
  if (differing != 0) return false;
  const uint8_t* options = frame + plain_at::tcp_options;
  if (options_size_ == 0) return true;
  if (options_size_ == 4) return word_at(options) == word_at(options_);
  return std::memcmp(options, options_, options_size_) == 0;
}

bool RepeatedSyn::take(const uint8_t* frame, int64_t time_us) {
  const uint64_t addresses =
      uint64_t{word_at(frame + plain_at::src)} + word_at(frame + plain_at::dst);
  const uint64_t ip_sum =
      ip_sum_ + addresses + half_at(frame + plain_at::id) + half_at(frame + plain_at::ip_checksum);
  const uint64_t tcp_sum = tcp_sum_ + addresses + word_at(frame + plain_at::transport) +
                           word_at(frame + SEQ_AT) + half_at(frame + CHECKSUM_AT);
  if ((fold64(ip_sum) & fold64(tcp_sum)) != 0xffff) return false;

  const uint32_t src = u32(frame, plain_at::src);
  const uint32_t dst = u32(frame, plain_at::dst);
  const uint32_t ports = u32(frame, plain_at::transport);
  packet_.ip_id = u16(frame, plain_at::id);
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
  fragment_to_protocol_ = word_at(frame + plain_at::fragment);
  ack_to_window_ = long_at(frame + ACK_AT);
  options_size_ = packet.tcp_options_size;
  std::memcpy(options_, frame + plain_at::tcp_options, options_size_);

  uint8_t equal[HEADERS_SIZE_MAX];
  const uint32_t end = plain_at::tcp_options + options_size_;
  std::memcpy(equal, frame, end);
  std::memset(equal + plain_at::id, 0, 2);
  std::memset(equal + plain_at::ip_checksum, 0, 2);
  std::memset(equal + plain_at::src, 0, 8);
  std::memset(equal + plain_at::transport, 0, 8);
  std::memset(equal + CHECKSUM_AT, 0, 2);
  ip_sum_ = sum_in_host_order(equal + plain_at::ip, IP_HEADER_SIZE);
  tcp_sum_ = sum_in_host_order(equal + plain_at::transport, end - plain_at::transport) +
             from_host_order(packet.protocol) + from_host_order(end - plain_at::transport);

  packet_ = packet;
  packet_.shape = shape;
}

}  // namespace picket
