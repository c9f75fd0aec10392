/// HyperLogLog sketches (Flajolet et al. 2007) from one bounded pool: 16,384 registers of a byte
/// each, standard error 1.04/sqrt(16384) = 0.8 %. The 32-bit hash gives the register (14 bits) and
/// the rank (the other 18); its collisions add 0.1 % at ten million elements. Twin:
/// packages/observer/src/observe/sketches.ts.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "base/table.h"
#include "batch/layout.h"

namespace picket {

/// No sketch was needed so far.
constexpr int32_t NO_SKETCH = -1;
/// One was needed and the pool was empty: the set is known to be larger than its list, not by how
/// much.
constexpr int32_t REFUSED_SKETCH = -2;

class Sketches {
 public:
  explicit Sketches(uint32_t capacity)
      : capacity_(capacity), registers_(size_t{capacity} * HLL_REGISTERS) {}

  /// A cleared sketch, or REFUSED_SKETCH.
  int32_t take() {
    if (used_ == capacity_) {
      refused++;
      return REFUSED_SKETCH;
    }
    std::memset(&registers_[size_t{used_} * HLL_REGISTERS], 0, HLL_REGISTERS);
    return static_cast<int32_t>(used_++);
  }

  /// Adds an element by its finished 32-bit hash; nothing without a sketch.
  void add(int32_t sketch, uint32_t hash) {
    if (sketch >= 0) add_to(registers(sketch), hash);
  }

  /// The same by the sketch's registers.
  static void add_to(uint8_t* registers, uint32_t hash) {
    uint8_t& at = registers[hash >> (32 - HLL_PRECISION)];
    // The other bits decide the rank; a sentinel bit behind them bounds it at 19.
    const uint32_t low = (hash << HLL_PRECISION) | (1u << (HLL_PRECISION - 1));
    const uint8_t rank = static_cast<uint8_t>(std::countl_zero(low) + 1);
    // Without a branch: nobody can foretell it.
    at = std::max(at, rank);
  }

  /// HLL_REGISTERS bytes of a sketch that was taken, until `clear`.
  uint8_t* registers(int32_t sketch) {
    return &registers_[static_cast<size_t>(sketch) * HLL_REGISTERS];
  }

  /// HLL_REGISTERS bytes.
  const uint8_t* bytes(int32_t sketch) const {
    return &registers_[static_cast<size_t>(sketch) * HLL_REGISTERS];
  }

  /// Forgets all of them: the epoch is over.
  void clear() { used_ = 0; }

  /// Sketches asked for when the pool was empty, cumulative.
  uint64_t refused = 0;

 private:
  uint32_t capacity_;
  uint32_t used_ = 0;
  Table<uint8_t> registers_;
};

}  // namespace picket
