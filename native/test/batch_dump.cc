/// Prints what the observer makes of capture files: a line per batch with shard, size and an FNV-1a
/// hash of its bytes (`-x`: the bytes themselves), then the counters. The differential test
/// compares it with the TypeScript observer. Usage: batch_dump [-x] [-t TABLE_CAPACITY]
/// [-d DARK_AFTER_US] [-s SILENT_AFTER_US] [-h CIDR]... FILE...
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "capture/file_source.h"
#include "options_text.h"
#include "pipeline.h"

namespace {

class PrintingSink : public picket::BatchSink {
 public:
  explicit PrintingSink(bool whole) : whole_(whole) {}
  void batch(uint32_t shard, std::vector<uint8_t>&& bytes) override {
    std::printf("batch %" PRIu32 " %zu ", shard, bytes.size());
    if (whole_) {
      for (const uint8_t byte : bytes) std::printf("%02x", byte);
      std::printf("\n");
      return;
    }
    uint32_t hash = 0x811c9dc5;
    for (const uint8_t byte : bytes) hash = (hash ^ byte) * 0x01000193;
    std::printf("%08" PRIx32 "\n", hash);
  }

 private:
  bool whole_;
};

class PipelineSink : public picket::FrameSink {
 public:
  explicit PipelineSink(picket::Pipeline& pipeline) : pipeline_(pipeline) {}
  void frame(const uint8_t* bytes, uint32_t captured, uint32_t wire, int64_t time_us,
             uint32_t link_type) override {
    pipeline_.frame(bytes, captured, wire, time_us, link_type);
  }

 private:
  picket::Pipeline& pipeline_;
};

void set_tables(picket::ObserverTables& tables, uint32_t capacity) {
  tables = {capacity, capacity, capacity, capacity, capacity, capacity,
            capacity, capacity, capacity, capacity, capacity, capacity};
}

void observe_file(const char* path, const picket::ObserverConfig& config, bool whole) {
  PrintingSink batches(whole);
  picket::Pipeline pipeline(config, batches);
  PipelineSink frames(pipeline);
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> read_bytes{0};
  picket::read_capture_file(path, frames, stop, read_bytes);
  pipeline.finish();
  for (const auto& [name, value] : pipeline.stats()) {
    std::printf("%s=%" PRIu64 "\n", name.c_str(), value);
  }
}

}  // namespace

int main(int argc, char** argv) {
  picket::ObserverConfig config;
  bool whole = false;
  int at = 1;
  for (; at < argc && argv[at][0] == '-'; at++) {
    if (std::strcmp(argv[at], "-x") == 0) whole = true;
    if (at + 1 < argc && std::strcmp(argv[at], "-h") == 0) {
      config.home_nets.push_back(picket::parse_net(argv[++at]));
    } else if (at + 1 < argc && std::strcmp(argv[at], "-p") == 0) {
      config.payload_signatures = picket::read_signatures(argv[++at]);
    } else if (at + 1 < argc && std::strcmp(argv[at], "-d") == 0) {
      config.dark_after_us = std::atoll(argv[++at]);
    } else if (at + 1 < argc && std::strcmp(argv[at], "-s") == 0) {
      config.silent_after_us = std::atoll(argv[++at]);
    } else if (at + 1 < argc && std::strcmp(argv[at], "-t") == 0) {
      set_tables(config.tables, static_cast<uint32_t>(std::atoi(argv[++at])));
    }
  }
  for (; at < argc; at++) {
    std::printf("file %s\n", argv[at]);
    observe_file(argv[at], config, whole);
  }
  return 0;
}
