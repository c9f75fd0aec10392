/// The stack signature of a SYN or SYN-ACK in canonical bytes: what p0f 3 looks at (p0f README §5),
/// without strings. `formatSynSignature` of the plugin API prints it.
/// Twin: packages/observer/src/observe/syn-signature.ts.
///
///   0 ipVersion u8 | 1 initialTtl u8 | 2 ipOptionsSize u8 | 3 mss u16be (0xffff none)
///   5 window u16be | 7 scale u8 (0xff none) | 8 payloadClass u8 (0 none, 1 some) | 9 quirks u32be
///   13 eolPadSize u8 | 14 optionCount u8 | 15 option kinds, one byte each, in order
#pragma once

#include <cstdint>

#include "decode/packet.h"
#include "decode/tcp.h"

namespace picket {

/// Room a signature needs: 15 bytes and at most 24 option kinds, rounded up.
constexpr uint32_t SYN_SIGNATURE_SIZE_MAX = 64;

/// Writes the signature of a TCP packet with SYN set to `out` (SYN_SIGNATURE_SIZE_MAX bytes).
/// Returns the bytes written, 15 to 39.
uint32_t write_syn_signature(const Packet& packet, uint8_t* out);

/// All that a signature and `shape_traits` are made of, cheaper to compare than to make either: two
/// SYNs with equal facts have equal ones.
class SynFacts {
 public:
  /// Only of SYNs whose numbers are the usual ones; of any other nothing is remembered.
  void take(const Packet& packet);
  bool match(const Packet& packet) const;

 private:
  /// Identification and sequence number are not 0, all that a SYN has no use for is.
  static bool has_usual_numbers(const Packet& packet) {
    return (packet.tcp_ack | packet.tcp_urgent | packet.flow_label | packet.payload_wire_size) ==
               0 &&
           packet.ip_id != 0 && packet.tcp_seq != 0;
  }

  /// Four bytes as they are: the header's size, which options behind the snapshot are part of,
  /// flags and window.
  static uint32_t offset_to_window(const Packet& packet) {
    return word_at(packet.bytes + packet.transport_at + tcp_field::offset);
  }

  bool is_taken_ = false;
  uint8_t ip_version_;
  uint8_t ttl_;
  uint8_t tos_;
  bool dont_fragment_;
  bool ip_reserved_bit_;
  uint8_t tcp_options_size_;
  uint16_t ip_options_size_;
  uint32_t offset_to_window_;
  uint8_t options_[40];
};

/// What the sender's TTL began with, taken as the next usual value.
inline uint8_t initial_ttl(uint8_t ttl) {
  if (ttl <= 32) return 32;
  if (ttl <= 64) return 64;
  return ttl <= 128 ? 128 : 255;
}

}  // namespace picket
