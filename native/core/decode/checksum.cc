#include "decode/checksum.h"

#include <array>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace picket {

namespace {

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

#if defined(__x86_64__)
const bool HAS_WIDE_SUM = __builtin_cpu_supports("avx2");

/// The one instruction that adds neighbours takes them for signed, so every word has 0x8000 taken
/// from it first, and the sum gets it back. A lane of 32 bits has room for 2^15 blocks; a frame has
/// 2^13.
__attribute__((target("avx2"))) uint64_t sum_wide(const uint8_t* bytes, uint32_t size) {
  const __m256i bias = _mm256_set1_epi16(static_cast<int16_t>(0x8000));
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i sums = _mm256_setzero_si256();
  const uint32_t blocks = size / WIDE_BLOCK_SIZE;
#pragma GCC unroll 4
  for (uint32_t block = 0; block < blocks; block++, bytes += WIDE_BLOCK_SIZE) {
    const __m256i words = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes));
    sums = _mm256_add_epi32(sums, _mm256_madd_epi16(_mm256_xor_si256(words, bias), ones));
  }
  alignas(32) int32_t lanes[8];
  _mm256_store_si256(reinterpret_cast<__m256i*>(lanes), sums);
  int64_t sum = int64_t{blocks} * (WIDE_BLOCK_SIZE / 2) * 0x8000;
  for (const int32_t lane : lanes) sum += lane;
  return static_cast<uint64_t>(sum);
}
#else
const bool HAS_WIDE_SUM = false;
uint64_t sum_wide(const uint8_t*, uint32_t) { return 0; }
#endif

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
