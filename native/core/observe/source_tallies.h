/// What a source of full state sends and looks like, counted: all about it but whom it touched.
/// Twin: packages/observer/src/observe/source-tallies.ts.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "batch/layout.h"
#include "observe/address_index.h"
#include "observe/finds.h"
#include "observe/payload_pool.h"
#include "observe/touch.h"

namespace picket {

struct Source {
  uint32_t first_us;
  uint32_t last_us;
  uint32_t first_member;
  uint32_t last_member;
  uint32_t first_contact;
  uint32_t last_contact;
  int32_t target_sketch;
  int32_t pair_sketch;
  int32_t port_set;
  uint32_t run_key;
  uint32_t traits;         ///< union of the probes' Trait bits
  int32_t last_reset_id;  ///< IP ID of the last reset of our answers, -1 before the first
  uint16_t target_count;
  uint16_t contact_count;
  uint16_t source_port_min;
  uint16_t source_port_max;
  uint8_t ttl_min;
  uint8_t ttl_max;
  uint16_t signature[SOURCE_SIGNATURES_MAX];
  uint32_t signature_count[SOURCE_SIGNATURES_MAX];
  uint32_t counters[SOURCE_COUNTER_COUNT];
  PayloadLists payloads;
  FindList finds;
};

/// Counts what an outcome's bits say.
void count_outcome(Source& source, uint32_t outcome);

/// Counts what a reset of our answer, or an unsolicited SYN-ACK, tells of the stack behind the
/// address.
void note_strange_stack(Source& source, const Touch& touch);

/// Counts probes. Most of a scan is one packet again and again, but for its addresses and numbers,
/// so that what all of them have in common is counted once for a run of them.
class ProbeTally {
 public:
  explicit ProbeTally(AddressIndex<Source>& sources) : sources_(sources) {}
  ProbeTally(const ProbeTally&) = delete;
  ProbeTally& operator=(const ProbeTally&) = delete;

  /// Counts a probe of source `number`: at once or, when it is like the source's last, by `settle`.
  [[gnu::always_inline]] void count(uint32_t number, Source& source, const Touch& touch) {
    note_numbers(source, touch);
    if (last_->source != number) last_ = &runs_[number % RUNS];
    const uint64_t stamp = stamp_of(touch);
    if (last_->source == number && last_->traits == touch.traits && last_->stamp == stamp) {
      last_->packets += touch.packets;
    } else {
      begin(*last_, number, source, touch);
    }
  }

  /// Adds what is still to be counted: before anyone reads a source's counters.
  void settle() {
    for (Run& run : runs_) settle(run);
  }

  /// Forgets all: the table is cleared.
  void clear() { runs_.fill({}); }

 private:
  /// Probes that are alike.
  struct Run {
    uint32_t source = NONE;
    uint32_t traits = 0;
    /// Kind, signature and TTL in one.
    uint64_t stamp = 0;
    uint16_t kind = 0;
    uint16_t signature = 0;
    /// Those not counted yet.
    uint32_t packets = 0;
  };

  void begin(Run& run, uint32_t number, Source& source, const Touch& touch);
  void settle(Run& run);

  static uint64_t stamp_of(const Touch& touch) {
    return uint64_t{touch.kind} << 32 | uint32_t{touch.signature} << 16 | touch.ttl;
  }

  static void note_numbers(Source& source, const Touch& touch) {
    const uint16_t port = touch.source_port;
    if (source.source_port_min == 0 || port < source.source_port_min) source.source_port_min = port;
    if (port > source.source_port_max) source.source_port_max = port;
    if ((touch.kind & TCP_KINDS) != 0) note_run(source, touch);
  }

  /// Nmap: sequence = key ^ (try << 16 | try), scan_engine_raw.cc, so two of a run differ by equal
  /// halves, each below 256.
  static void note_run(Source& source, const Touch& touch) {
    if (source.run_key == 0) source.run_key = touch.run_value;
    const uint32_t difference = source.run_key ^ touch.run_value;
    const uint32_t unequal = (difference ^ std::rotl(difference, 16)) | (difference & 0xff00);
    if (unequal == 0) source.counters[SOURCE_RUN_KEY] += touch.packets;
  }

  static constexpr uint16_t TCP_KINDS = PROBE_SYN | PROBE_FIN | PROBE_NULL | PROBE_XMAS |
                                        PROBE_ACK | PROBE_MAIMON | PROBE_ODD_FLAGS;
  /// Of sources that take turns.
  static constexpr uint32_t RUNS = 8;

  AddressIndex<Source>& sources_;
  std::array<Run, RUNS> runs_{};
  Run* last_ = runs_.data();
};

}  // namespace picket
