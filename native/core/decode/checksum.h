/// Internet checksums (RFC 1071) and CRC32c (RFC 9260 appendix A), and the verdict on what a field
/// holds: a packet with a wrong sum is evidence, so it matters in which way it is wrong.
/// Twin: packages/observer/src/decode/checksum.ts.
#pragma once

#include "decode/walk.h"

namespace picket {

/// One's complement sum of bytes[at..end), folded to 16 bits, not complemented. An odd last byte
/// counts as the high one.
uint32_t sum16(const uint8_t* bytes, uint32_t at, uint32_t end);

inline uint32_t fold(uint32_t sum) {
  sum = (sum & 0xffff) + (sum >> 16);
  return (sum & 0xffff) + (sum >> 16);
}

inline uint32_t halves(uint32_t word) { return (word & 0xffff) + (word >> 16); }

/// Folded sum of the pseudo-header of the packet's innermost addresses, RFC 9293 §3.1, RFC 8200
/// §8.1.
inline uint32_t pseudo_sum(const Packet& packet, uint8_t protocol, uint32_t size) {
  uint32_t sum = protocol + (size & 0xffff) + (size >> 16) + halves(packet.src.word[3]) +
                 halves(packet.dst.word[3]);
  if (packet.ip_version == 6) {
    for (int word = 0; word < 3; word++) {
      sum += halves(packet.src.word[word]) + halves(packet.dst.word[word]);
    }
  }
  return fold(sum);
}

/// No pseudo-header, hence nothing a NIC would be handed.
constexpr uint32_t NO_PSEUDO = 0xffffffff;

/// The verdict on a 16-bit checksum field. `observed` is the field as read; `covered` the folded
/// sum of everything it covers, pseudo-header and field included; `pseudo` the folded pseudo-header
/// sum, which is what Linux leaves in the field for a NIC with transmit offload to complete
/// (include/linux/skbuff.h, CHECKSUM_PARTIAL), or NO_PSEUDO when the protocol has none.
Checksum judge16(uint32_t observed, uint32_t covered, uint32_t pseudo);

/// Feeds bytes[at..end) to a running CRC; start with all ones, complement at the end.
uint32_t crc32c(uint32_t crc, const uint8_t* bytes, uint32_t at, uint32_t end);

/// ... and `count` zero bytes, which stand for the checksum field itself.
uint32_t crc32c_zeros(uint32_t crc, uint32_t count);

}  // namespace picket
