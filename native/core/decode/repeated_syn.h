/// The SYN that a scan sends again and again: all but its addresses, ports, numbers and checksums
/// is that of the one before, so that comparing it is most of the decoding it needs. Only a
/// shorter way: `decode_plain` says the same of such a frame. Not in the TypeScript twin.
#pragma once

#include <cstdint>

#include "decode/packet.h"

namespace picket {

class RepeatedSyn {
 public:
  /// The facts of the frame when it repeats the SYN learned and is as sound, else null. They are
  /// valid until the next call. The arguments are those of `decode_plain`.
  const Packet* decode(const uint8_t* frame, uint32_t captured, uint32_t wire, int64_t time_us) {
    const bool is_alike = captured == packet_.captured_size && wire == packet_.wire_size &&
                          packet_.shape != 0 && repeats(frame);
    return is_alike && take(frame, time_us) ? &packet_ : nullptr;
  }

  /// Takes over a frame that `decode_plain` has decoded into `packet`, if it is a SYN that can be
  /// repeated: a bare one, with every number that a SYN has.
  void learn(const uint8_t* frame, const Packet& packet) {
    if (packet.tcp_flags == TCP_SYN && is_bare(packet)) remember(frame, packet);
  }

 private:
  static bool is_bare(const Packet& packet);
  void remember(const uint8_t* frame, const Packet& packet);
  /// Whether all is equal that has to be.
  bool repeats(const uint8_t* frame) const;
  /// Writes what is the frame's own. False when that is not sound.
  bool take(const uint8_t* frame, int64_t time_us);

  /// What has to be equal, as it stands in the frame.
  uint64_t type_to_length_ = 0;
  uint32_t fragment_to_protocol_ = 0;
  uint64_t ack_to_window_ = 0;
  uint16_t urgent_ = 0;
  uint32_t options_size_ = 0;
  uint8_t options_[40];
  /// Sums of what is equal, in the host's order, not folded; the pseudo-header's size and protocol
  /// included.
  uint64_t ip_sum_ = 0;
  uint64_t tcp_sum_ = 0;
  /// `shape` 0: nothing is learned yet.
  Packet packet_{};
};

}  // namespace picket
