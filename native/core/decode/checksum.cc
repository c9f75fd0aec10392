#include "decode/checksum.h"

#include <array>
#include <bit>
#include <cstring>

namespace picket {

namespace {

/// Four bytes in the host's order.
uint32_t word_at(const uint8_t* bytes) {
  uint32_t word;
  std::memcpy(&word, bytes, 4);
  return word;
}

uint32_t swap16(uint32_t value) { return ((value & 0xff) << 8) | (value >> 8); }

/// Reflected polynomial of CRC32c, RFC 9260 appendix A.
constexpr uint32_t CRC32C_POLYNOMIAL = 0x82f63b78;

constexpr std::array<uint32_t, 256> crc32c_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t index = 0; index < 256; index++) {
    uint32_t crc = index;
    for (int bit = 0; bit < 8; bit++) {
      crc = (crc & 1) != 0 ? (crc >> 1) ^ CRC32C_POLYNOMIAL : crc >> 1;
    }
    table[index] = crc;
  }
  return table;
}

constexpr std::array<uint32_t, 256> CRC32C_TABLE = crc32c_table();

}  // namespace

/// Sums in the host's order, as RFC 1071 §2 (B) allows: only the folded sum has to be swapped. Four
/// bytes at a time into eight need no carry, and four sums at once do not wait for each other.
uint32_t sum16(const uint8_t* bytes, uint32_t at, uint32_t end) {
  const uint8_t* next = bytes + at;
  uint32_t left = end - at;
  uint64_t one = 0;
  uint64_t two = 0;
  uint64_t three = 0;
  uint64_t four = 0;
  for (; left >= 16; left -= 16, next += 16) {
    one += word_at(next);
    two += word_at(next + 4);
    three += word_at(next + 8);
    four += word_at(next + 12);
  }
  uint64_t sum = one + two + three + four;
  for (; left >= 4; left -= 4, next += 4) sum += word_at(next);
  if (left > 0) {
    uint8_t tail[4] = {0, 0, 0, 0};
    for (uint32_t byte = 0; byte < left; byte++) tail[byte] = next[byte];
    sum += word_at(tail);
  }
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + ((sum >> 16) & 0xffff) + (sum >> 32);
  const uint32_t folded = fold(static_cast<uint32_t>(sum));
  return std::endian::native == std::endian::little ? swap16(folded) : folded;
}

Checksum judge16(uint32_t observed, uint32_t covered, uint32_t pseudo) {
  if (covered == 0xffff) return Checksum::right;
  if (observed == pseudo) return Checksum::offload;
  const uint32_t correct = ~fold(covered + (~observed & 0xffff)) & 0xffff;
  // Nmap subtracts one from the field as a little-endian host reads it (tcpip.cc, `--sum`); for UDP
  // a result of 0 becomes 0xffff.
  const uint32_t decremented = (swap16(correct) - 1) & 0xffff;
  if (swap16(observed) == decremented) return Checksum::nmap_badsum;
  if (decremented == 0 && observed == 0xffff) return Checksum::nmap_badsum;
  return Checksum::wrong;
}

uint32_t crc32c(uint32_t crc, const uint8_t* bytes, uint32_t at, uint32_t end) {
  for (; at < end; at++) crc = CRC32C_TABLE[(crc ^ bytes[at]) & 0xff] ^ (crc >> 8);
  return crc;
}

uint32_t crc32c_zeros(uint32_t crc, uint32_t count) {
  for (; count > 0; count--) crc = CRC32C_TABLE[crc & 0xff] ^ (crc >> 8);
  return crc;
}

}  // namespace picket
