/// The project's own capture reader with nobody behind it: what is left of the limit before the
/// first packet is decoded. Prints packets and bytes. Compiled by bench/contenders.ts.
#include <atomic>
#include <cstdio>

#include "capture/file_source.h"

namespace {

class CountingSink : public picket::FrameSink {
 public:
  void frame(const uint8_t*, uint32_t captured, uint32_t, int64_t, uint32_t) override {
    packet_count++;
    size += captured;
  }
  unsigned long long packet_count = 0;
  unsigned long long size = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  CountingSink sink;
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> read_bytes{0};
  const picket::FileResult result = picket::read_capture_file(argv[1], sink, stop, read_bytes);
  std::printf("%llu packets, %llu bytes\n", sink.packet_count, sink.size);
  return result.open_error != 0 || result.damage ? 1 : 0;
}
