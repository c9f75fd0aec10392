/// Where captured frames go. Everything in this room ends here: files, chunks and interfaces.
#pragma once

#include <cstdint>

namespace picket {

class FrameSink {
 public:
  virtual ~FrameSink() = default;
  /// One frame. `captured` bytes are present of `wire` (>= captured); the bytes are valid during
  /// the call only. Time in microseconds since 1970 (0 to 2^53 - 1); `link_type` is a LINKTYPE_
  /// value.
  virtual void frame(const uint8_t* bytes, uint32_t captured, uint32_t wire, int64_t time_us,
                     uint32_t link_type) = 0;
};

}  // namespace picket
