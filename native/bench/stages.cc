/// The packet path by itself, as far as it is asked to go: what a stage costs is what its run takes
/// beyond the one before. Prints packets, batches and the nanoseconds of this thread's CPU time.
/// Compiled and driven by bench/native/stages.ts.
#include <time.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "capture/file_source.h"
#include "decode/decoder.h"
#include "pipeline.h"
#include "test/options_text.h"

namespace {

/// `observe` includes the batches.
enum class Stage { read, decode, observe };

constexpr const char* STAGES[] = {"read", "decode", "observe"};

struct CountingBatches : picket::BatchSink {
  void batch(uint32_t, std::vector<uint8_t>&& bytes) override {
    count++;
    size += bytes.size();
  }
  uint64_t count = 0;
  uint64_t size = 0;
};

/// Takes a frame as far as the stage.
class StageSink : public picket::FrameSink {
 public:
  StageSink(Stage stage, const picket::ObserverConfig& config)
      : stage_(stage), decoder_(config.tables.fragments_max), pipeline_(config, batches) {}

  void frame(const uint8_t* bytes, uint32_t captured, uint32_t wire, int64_t time_us,
             uint32_t link_type) override {
    packets++;
    if (stage_ == Stage::observe) {
      pipeline_.frame(bytes, captured, wire, time_us, link_type);
    } else if (stage_ == Stage::decode) {
      decoder_.decode(bytes, captured, wire, time_us, link_type);
    }
  }
  void finish() { pipeline_.finish(); }

  uint64_t packets = 0;
  CountingBatches batches;

 private:
  Stage stage_;
  picket::Decoder decoder_;
  picket::Pipeline pipeline_;
};

int64_t cpu_ns() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "stages CAPTURE HOME SIGNATURES read|decode|observe\n");
    return 2;
  }
  picket::ObserverConfig config;
  config.home_nets.push_back(picket::parse_net(argv[2]));
  config.payload_signatures = picket::read_signatures(argv[3]);
  int stage = 0;
  while (stage < 3 && std::strcmp(argv[4], STAGES[stage]) != 0) stage++;
  if (stage == 3) return 2;
  StageSink sink(static_cast<Stage>(stage), config);
  const std::atomic<bool> stop{false};
  std::atomic<uint64_t> read_bytes{0};
  const int64_t start_ns = cpu_ns();
  const picket::FileResult result = picket::read_capture_file(argv[1], sink, stop, read_bytes);
  sink.finish();
  const int64_t took_ns = cpu_ns() - start_ns;
  std::printf("{\"packets\": %llu, \"batches\": %llu, \"batch_bytes\": %llu, \"ns\": %lld}\n",
              static_cast<unsigned long long>(sink.packets),
              static_cast<unsigned long long>(sink.batches.count),
              static_cast<unsigned long long>(sink.batches.size), static_cast<long long>(took_ns));
  return result.open_error != 0 || result.damage ? 1 : 0;
}
