/// Frames in, batches out: decode -> observe -> batch, one packet at a time. The core's front door; it
/// knows neither Node nor libpcap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace picket {

/// Table capacities; the defaults fit in 512 MiB at 262,144 active sources an epoch.
struct ObserverTables {
  uint32_t sources_max = 65536;
  uint32_t light_sources_max = 262144;
  uint32_t targets_max = 65536;
  uint32_t hosts_max = 16384;
  uint32_t contacts_max = 524288;
  uint32_t sketches_max = 8192;
  uint32_t flows_max = 524288;
  uint32_t fragments_max = 4096;
  uint32_t duplicates_max = 8192;
  uint32_t signatures_max = 4096;
  uint32_t singles_emitted_max = 16384;
};

struct HomeNet {
  uint8_t address[16];  ///< IPv4 mapped
  uint8_t prefix;       ///< bits of the mapped form, 0-128
};

struct ObserverConfig {
  std::string sensor = "local";
  std::vector<HomeNet> home_nets;
  uint32_t shard_count = 16;
  int64_t epoch_us = 1'000'000;
  uint32_t early_targets = 100;
  uint32_t early_ports = 100;
  uint32_t early_pairs = 250;
  ObserverTables tables;
};

/// Takes the encoded batches. Called on the thread that feeds frames; the bytes are the sink's to keep.
class BatchSink {
 public:
  virtual ~BatchSink() = default;
  virtual void batch(uint32_t shard, std::vector<uint8_t>&& bytes) = 0;
};

/// One sensor's packet side. Not thread-safe: one thread feeds it.
class Pipeline {
 public:
  Pipeline(const ObserverConfig& config, BatchSink& sink);
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  /// Observes one frame. `captured` bytes are present of `wire`; time in microseconds since 1970;
  /// `link_type` is a LINKTYPE_ value as in pcap files.
  void frame(const uint8_t* bytes, uint32_t captured, uint32_t wire, int64_t time_us, uint32_t link_type);
  /// Live only: closes the epoch if capture time has moved past its end without packets.
  void tick(int64_t now_us);
  /// Frames the capture itself lost (kernel, ring), as they become known.
  void dropped(uint64_t count);
  /// Closes the last epoch. Nothing may follow.
  void finish();
  /// Cumulative counters by name, in a fixed order; the same names as the TypeScript observer's.
  std::vector<std::pair<std::string, uint64_t>> stats() const;

 private:
  struct State;
  State* state_;
};

}  // namespace picket
