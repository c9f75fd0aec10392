/// What the readers of the two file formats share: the result of looking at one record, and the
/// tally of what was delivered.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

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

}  // namespace picket
