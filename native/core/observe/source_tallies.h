/// What a source of full state sends and looks like, counted: all about it but whom it touched.
/// Twin: packages/observer/src/observe/source-tallies.ts.
#pragma once

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
  int32_t port_sketch;
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

  /// Counts a probe of source `number`: at once or, when it is like the one before, by `settle`.
  void count(uint32_t number, const Touch& touch) {
    Source& source = sources_[number];
    note_numbers(source, touch);
    if (number == number_ && touch.traits == traits_ && touch.kind == kind_ &&
        touch.signature == signature_ && touch.ttl == ttl_) {
      packets_ += touch.packets;
    } else {
      begin(number, touch);
    }
  }

  /// Adds what is still to be counted: before anyone reads a source's counters.
  void settle();

  /// Forgets all: the table is cleared.
  void clear() {
    number_ = NONE;
    packets_ = 0;
  }

 private:
  void begin(uint32_t number, const Touch& touch);
  static void note_numbers(Source& source, const Touch& touch);

  AddressIndex<Source>& sources_;
  uint32_t number_ = NONE;
  uint32_t traits_ = 0;
  /// Probes not yet counted, each with the traits and all that follows.
  uint32_t packets_ = 0;
  uint16_t kind_ = 0;
  uint16_t signature_ = 0;
  uint8_t ttl_ = 0;
};

}  // namespace picket
