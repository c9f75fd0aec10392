/// Any bytes as a capture file, through the whole core: parser, decoder, observer and batches.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "capture/parser.h"
#include "pipeline.h"

namespace {

class NoSink : public picket::BatchSink {
 public:
  void batch(uint32_t, std::vector<uint8_t>&&) override {}
};

class Feed : public picket::FrameSink {
 public:
  explicit Feed(picket::Pipeline& pipeline) : pipeline_(pipeline) {}
  void frame(const uint8_t* bytes, uint32_t captured, uint32_t wire, int64_t time_us,
             uint32_t link_type) override {
    pipeline_.frame(bytes, captured, wire, time_us, link_type);
  }

 private:
  picket::Pipeline& pipeline_;
};

/// Small tables, so that they overflow.
picket::ObserverConfig small_config() {
  picket::ObserverConfig config;
  picket::HomeNet any{};
  any.prefix = 1;
  config.home_nets.push_back(any);
  config.tables = {16, 16, 16, 16, 64, 8, 64, 16, 64, 8, 16};
  return config;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  NoSink batches;
  picket::Pipeline pipeline(small_config(), batches);
  Feed feed(pipeline);
  picket::CaptureParser parser(feed);
  // Two pieces: a record cut between them must be put together again.
  const size_t half = size / 2;
  parser.push(bytes, half);
  parser.push(bytes + half, size - half);
  parser.end();
  pipeline.finish();
  return 0;
}
