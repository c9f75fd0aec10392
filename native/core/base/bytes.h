/// Integers in either byte order, one load each: compilers do not see through byte-wise reads.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace picket {

/// Four bytes in the host's order.
inline uint32_t word_at(const uint8_t* bytes) {
  uint32_t word;
  std::memcpy(&word, bytes, 4);
  return word;
}

inline uint16_t read_u16(const uint8_t* at, bool big_endian) {
  uint16_t value;
  std::memcpy(&value, at, sizeof value);
  const bool is_native = big_endian == (std::endian::native == std::endian::big);
  return is_native ? value : __builtin_bswap16(value);
}

inline uint32_t read_u32(const uint8_t* at, bool big_endian) {
  uint32_t value;
  std::memcpy(&value, at, sizeof value);
  const bool is_native = big_endian == (std::endian::native == std::endian::big);
  return is_native ? value : __builtin_bswap32(value);
}

inline uint64_t read_u64(const uint8_t* at, bool big_endian) {
  uint64_t value;
  std::memcpy(&value, at, sizeof value);
  const bool is_native = big_endian == (std::endian::native == std::endian::big);
  return is_native ? value : __builtin_bswap64(value);
}

}  // namespace picket
