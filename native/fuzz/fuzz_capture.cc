/// Any bytes as a capture file, cut at a place of the input's choosing.
#include <cstddef>
#include <cstdint>

#include "capture/parser.h"

namespace {

/// Reads the first and the last byte of every frame: a wrong length shows at once.
class Touching : public picket::FrameSink {
 public:
  void frame(const uint8_t* bytes, uint32_t captured, uint32_t, int64_t, uint32_t) override {
    if (captured > 0) sum_ = static_cast<uint8_t>(sum_ + bytes[0] + bytes[captured - 1]);
  }

 private:
  volatile uint8_t sum_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size < 2) return 0;
  Touching sink;
  picket::CaptureParser parser(sink);
  const size_t cut = bytes[0] * (size - 1) / 256;
  parser.push(bytes + 1, cut);
  parser.push(bytes + 1 + cut, size - 1 - cut);
  parser.end();
  return 0;
}
