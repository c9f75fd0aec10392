/// What the readers of the two file formats share: the result of looking at one record, the tally
/// of what was delivered, and integers in either byte order.
#pragma once

#include <cstddef>
#include <cstdint>

namespace picket {

/// A record is whole (`size` bytes were consumed), partial (`size` bytes are needed to go on) or
/// damaged (the reader's `reason()` says how).
struct Record {
  enum class State : uint8_t { whole, partial, damaged };
  State state;
  size_t size;
};

/// Frames delivered, by whether the decoder reads their link type.
struct FrameTally {
  uint64_t readable = 0;
  uint64_t unreadable = 0;
  uint32_t unreadable_type = 0;  ///< the first such link type
};

inline uint16_t read_u16(const uint8_t* at, bool big_endian) {
  return static_cast<uint16_t>(big_endian ? at[0] << 8 | at[1] : at[1] << 8 | at[0]);
}

inline uint32_t read_u32(const uint8_t* at, bool big_endian) {
  const uint32_t high = read_u16(big_endian ? at : at + 2, big_endian);
  const uint32_t low = read_u16(big_endian ? at + 2 : at, big_endian);
  return high << 16 | low;
}

inline uint64_t read_u64(const uint8_t* at, bool big_endian) {
  const uint64_t high = read_u32(big_endian ? at : at + 4, big_endian);
  const uint64_t low = read_u32(big_endian ? at + 4 : at, big_endian);
  return high << 32 | low;
}

}  // namespace picket
