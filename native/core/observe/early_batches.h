/// Which sources were sent early lately. A scan that goes on reaches the same count every epoch;
/// that was said once, and judging it anew is most of what a judge does. Kept beyond the epoch, in
/// a table where a newcomer takes the place it falls on: who lost its place is sent early again.
/// Twin: packages/observer/src/observe/early-batches.ts.
#pragma once

#include <cstdint>
#include <vector>

#include "decode/packet.h"

namespace picket {

/// What a source can reach, as bits.
enum EarlyCount : uint32_t { EARLY_TARGETS = 1, EARLY_PORTS = 2, EARLY_PAIRS = 4 };
constexpr uint32_t EARLY_COUNTS = 3;
/// A count that was reached within this time before is no news: the shortest window that findings
/// are made from by default.
constexpr int64_t EARLY_AGAIN_US = 60'000'000;
/// Loud sources at one time, a power of two.
constexpr uint32_t EARLY_SOURCES_MAX = 1024;

class EarlyBatches {
 public:
  /// Notes that a source, by its `keyed_hash`, reached `counts` in the epoch that began at
  /// `epoch_us`. True when it had not reached one of them lately.
  bool is_due(uint32_t hash, uint32_t tunnel_key, const Address& address, uint32_t counts,
              int64_t epoch_us) {
    Entry& entry = entries_[hash & (EARLY_SOURCES_MAX - 1)];
    if (entry.tunnel_key != tunnel_key || !(entry.address == address)) {
      entry = {address, tunnel_key, {NEVER, NEVER, NEVER}};
    }
    bool due = false;
    for (uint32_t count = 0; count < EARLY_COUNTS; count++) {
      if ((counts >> count & 1) == 0) continue;
      const int64_t reached_us = entry.reached_us[count];
      // Captures may follow each other backwards in time.
      due |= reached_us == NEVER || epoch_us < reached_us || epoch_us - reached_us > EARLY_AGAIN_US;
      entry.reached_us[count] = epoch_us;
    }
    return due;
  }

 private:
  static constexpr int64_t NEVER = INT64_MIN;
  struct Entry {
    Address address{};
    uint32_t tunnel_key = 0;
    int64_t reached_us[EARLY_COUNTS] = {NEVER, NEVER, NEVER};
  };

  std::vector<Entry> entries_ = std::vector<Entry>(EARLY_SOURCES_MAX);
};

}  // namespace picket
