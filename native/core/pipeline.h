/// Frames in, batches out: decode -> observe -> batch, one packet at a time. The core's front door;
/// it knows neither Node nor libpcap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "options.h"

namespace picket {

/// Takes the encoded batches. Called on the thread that feeds frames; the bytes are the sink's to
/// keep.
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
  void frame(const uint8_t* bytes, uint32_t captured, uint32_t wire, int64_t time_us,
             uint32_t link_type);
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
