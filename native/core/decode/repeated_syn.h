/// The SYN that a scan sends again and again: all but its addresses, ports, numbers and checksums
/// is that of an earlier one, so that comparing it is most of the decoding it needs. Only a shorter
/// way: `decode_plain` says the same of such a frame. Not in the TypeScript twin.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "decode/packet.h"
#include "decode/plain_layout.h"
#include "decode/tcp.h"

namespace picket {

/// One such SYN.
class RepeatedSyn {
 public:
  /// The facts of the frame when it repeats the SYN learned and is as sound, else null. They are
  /// valid until the next call. The arguments are those of `decode_plain`.
  const Packet* decode(const uint8_t* frame, uint32_t captured, uint32_t wire, int64_t time_us) {
    const bool is_alike = captured == packet_.captured_size && wire == packet_.wire_size &&
                          packet_.shape != 0 && repeats(frame);
    return is_alike && take(frame, time_us) ? &packet_ : nullptr;
  }

  /// Takes over a frame that `decode_plain` has decoded into `packet`, under the number `shape`.
  void learn(const uint8_t* frame, const Packet& packet, uint64_t shape);

 private:
  /// Whether all is equal that has to be.
  bool repeats(const uint8_t* frame) const;
  /// Writes what is the frame's own. False when that is not sound.
  bool take(const uint8_t* frame, int64_t time_us);

  /// What has to be equal, as it stands in the frame. The urgent pointer has to be 0.
  uint64_t type_to_length_ = 0;
  uint32_t fragment_to_protocol_ = 0;
  uint64_t ack_to_window_ = 0;
  uint32_t options_size_ = 0;
  uint8_t options_[40];
  /// Sums of what is equal, in the host's order, not folded; the pseudo-header's size and protocol
  /// included.
  uint64_t ip_sum_ = 0;
  uint64_t tcp_sum_ = 0;
  /// `shape` 0: nothing is learned yet.
  Packet packet_{};
};

/// A few of them, since scanners meet: each has a place by its TTL, flags and window.
class RepeatedSyns {
 public:
  RepeatedSyns() = default;
  RepeatedSyns(const RepeatedSyns&) = delete;
  RepeatedSyns& operator=(const RepeatedSyns&) = delete;

  /// As of the SYN in the frame's place.
  const Packet* decode(const uint8_t* frame, uint32_t captured, uint32_t wire, int64_t time_us) {
    if (captured < plain_at::tcp_options) return nullptr;
    const Packet* packet = last_->decode(frame, captured, wire, time_us);
    if (packet != nullptr) return packet;
    RepeatedSyn* other = &syns_[place_of(frame)];
    if (other == last_) return nullptr;
    last_ = other;
    return last_->decode(frame, captured, wire, time_us);
  }

  /// Takes over a frame that `decode_plain` has decoded into `packet`, if it is a SYN that can be
  /// repeated: a bare one, with every number that a SYN has.
  void learn(const uint8_t* frame, const Packet& packet) {
    if (packet.tcp_flags != TCP_SYN || !is_bare(packet)) return;
    const uint32_t place = place_of(frame);
    syns_[place].learn(frame, packet, ++learned_ * SYN_SHAPES + place);
  }

 private:
  static bool is_bare(const Packet& packet);

  static uint32_t place_of(const uint8_t* frame) {
    const uint32_t offset_to_window = word_at(frame + plain_at::transport + tcp_field::offset);
    const uint32_t fragment_to_protocol = word_at(frame + plain_at::fragment);
    return (offset_to_window * 0x9e3779b1u + fragment_to_protocol * 0x85ebca77u) >> PLACE_SHIFT;
  }

  static constexpr uint32_t PLACE_SHIFT = 32 - 3;
  static_assert(SYN_SHAPES == 1u << (32 - PLACE_SHIFT));

  std::array<RepeatedSyn, SYN_SHAPES> syns_;
  /// The one looked at last.
  RepeatedSyn* last_ = syns_.data();
  uint64_t learned_ = 0;
};

}  // namespace picket
