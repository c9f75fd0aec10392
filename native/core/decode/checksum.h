/// Internet checksums (RFC 1071) and CRC32c (RFC 9260 appendix A), and the verdict on what a field
/// holds: a packet with a wrong sum is evidence, so it matters in which way it is wrong.
/// Twin: packages/observer/src/decode/checksum.ts.
#pragma once

#include <bit>

#include "decode/walk.h"

namespace picket {

inline uint32_t swap16(uint32_t value) { return ((value & 0xff) << 8) | (value >> 8); }

/// Folds a sum of 16- or 32-bit words to 16 bits. A number and itself with its halves swapped have
/// the carry of the lower halves' sum in the upper half's.
inline uint32_t fold64(uint64_t sum) {
  const uint32_t word = static_cast<uint32_t>((sum + std::rotl(sum, 32)) >> 32);
  return (word + std::rotl(word, 16)) >> 16;
}

/// A folded sum of words in the host's order as one of big-endian words (RFC 1071 §2 (B)), and
/// back.
inline uint32_t from_host_order(uint32_t folded) {
  return std::endian::native == std::endian::little ? swap16(folded) : folded;
}

/// Bytes from which on the vector unit is worth its start.
constexpr uint32_t WIDE_SUM_SIZE_MIN = 64;
constexpr uint32_t WIDE_BLOCK_SIZE = 32;

/// Asked of the processor at hand: what is built here may run elsewhere.
extern const bool HAS_WIDE_SUM;

/// Sum of the 16-bit words of the whole blocks of WIDE_BLOCK_SIZE bytes, in the host's order, by
/// the vector unit. Only where HAS_WIDE_SUM.
uint64_t sum_wide(const uint8_t* bytes, uint32_t size);

/// Sum of 16-bit words in the host's order, as RFC 1071 §2 (B) allows, not folded: only the folded
/// sum has to be swapped. An odd last byte is followed by a zero.
inline uint64_t sum_in_host_order(const uint8_t* bytes, uint32_t size) {
  uint64_t sum = 0;
  if (size >= WIDE_SUM_SIZE_MIN && HAS_WIDE_SUM) {
    sum = sum_wide(bytes, size);
    bytes += size & ~(WIDE_BLOCK_SIZE - 1);
    size &= WIDE_BLOCK_SIZE - 1;
  }
  for (; size >= 16; size -= 16, bytes += 16) {
    sum += uint64_t{word_at(bytes)} + word_at(bytes + 4) + word_at(bytes + 8) + word_at(bytes + 12);
  }
  for (; size >= 4; size -= 4, bytes += 4) sum += word_at(bytes);
  if (size > 0) {
    uint8_t tail[4] = {0, 0, 0, 0};
    for (uint32_t byte = 0; byte < size; byte++) tail[byte] = bytes[byte];
    sum += word_at(tail);
  }
  return sum;
}

/// One's complement sum of bytes[at..end), folded to 16 bits, not complemented. An odd last byte
/// counts as the high one.
inline uint32_t sum16(const uint8_t* bytes, uint32_t at, uint32_t end) {
  return from_host_order(fold64(sum_in_host_order(bytes + at, end - at)));
}

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
