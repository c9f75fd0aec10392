#include "observe/source_tallies.h"

#include <bit>

namespace picket {

namespace {

/// Counter of each Trait bit, in bit order.
constexpr SourceCounter COUNTER_OF_TRAIT[] = {
    SOURCE_MARK_CANDIDATE,  SOURCE_MARK_MASSCAN,     SOURCE_MARK_ZMAP,
    SOURCE_MARK_MIRAI,      SOURCE_MARK_NMAP,        SOURCE_MARK_UNICORNSCAN,
    SOURCE_BAD_CHECKSUM,    SOURCE_NMAP_BADSUM,      SOURCE_FRAGMENT_TINY,
    SOURCE_FRAGMENT_OVERLAP, SOURCE_TRUSTED_SOURCE_PORT, SOURCE_PROBE_WITH_DATA,
    SOURCE_IP_OPTIONS,      SOURCE_RAW_STACK,        SOURCE_EMPTY_ECHO,
};
constexpr uint32_t TRAIT_COUNTERS = sizeof(COUNTER_OF_TRAIT) / sizeof(COUNTER_OF_TRAIT[0]);

/// Counter of each Outcome bit that has one, in bit order; SOURCE_COUNTER_COUNT where there is
/// none.
constexpr SourceCounter NO_COUNTER = SOURCE_COUNTER_COUNT;
constexpr SourceCounter COUNTER_OF_OUTCOME[16] = {
    SOURCE_ANSWER_OPEN, SOURCE_ANSWER_CLOSED, SOURCE_ANSWER_UNREACHABLE, SOURCE_ESTABLISHED,
    NO_COUNTER,         NO_COUNTER,           SOURCE_RESET,              SOURCE_STACK_SPLIT,
    SOURCE_UNSOLICITED, SOURCE_UNSOLICITED,   SOURCE_UNSOLICITED,        SOURCE_UNSOLICITED,
    NO_COUNTER,         NO_COUNTER,           NO_COUNTER,                NO_COUNTER,
};

/// Largest step of a counting IP ID from one reset to the next: the prober asks in between.
constexpr int32_t RESET_ID_STEP_MAX = 64;

/// Counts `packets` probes that have all this in common.
void count_alike(Source& source, uint16_t kind, uint32_t traits, uint16_t signature,
                 uint32_t packets) {
  source.traits |= traits;
  if (kind != 0 && kind != PROBE_INFERRED) source.counters[std::bit_width(kind) - 1] += packets;
  for (uint32_t rest = traits; rest != 0; rest &= rest - 1) {
    const uint32_t bit = static_cast<uint32_t>(std::countr_zero(rest));
    if (bit < TRAIT_COUNTERS) source.counters[COUNTER_OF_TRAIT[bit]] += packets;
  }
  if (signature == NO_SIGNATURE) return;
  for (uint32_t at = 0; at < SOURCE_SIGNATURES_MAX; at++) {
    if (source.signature[at] == NO_SIGNATURE) source.signature[at] = signature;
    if (source.signature[at] != signature) continue;
    source.signature_count[at] += packets;
    return;
  }
}

}  // namespace

void count_outcome(Source& source, uint32_t outcome) {
  for (uint32_t rest = outcome; rest != 0; rest &= rest - 1) {
    const SourceCounter counter = COUNTER_OF_OUTCOME[std::countr_zero(rest)];
    if (counter != NO_COUNTER) source.counters[counter]++;
  }
}

void note_strange_stack(Source& source, const Touch& touch) {
  if (touch.raw_syn_ack) source.counters[SOURCE_RAW_SYN_ACKS]++;
  if (touch.reset_id < 0) return;
  if (touch.reset_other_class) source.counters[SOURCE_RESETS_OTHER_CLASS]++;
  const int32_t last = source.last_reset_id;
  const int32_t step = (touch.reset_id - last) & 0xffff;
  if (last > 0 && step > 0 && step <= RESET_ID_STEP_MAX) source.counters[SOURCE_RESET_ID_STEPS]++;
  source.last_reset_id = touch.reset_id;
}

void ProbeTally::settle(Run& run) {
  if (run.packets == 0) return;
  count_alike(sources_[run.source], run.kind, run.traits, run.signature, run.packets);
  run.packets = 0;
}

void ProbeTally::begin(Run& run, uint32_t number, Source& source, const Touch& touch) {
  settle(run);
  count_alike(source, touch.kind, touch.traits, touch.signature, touch.packets);
  if (source.ttl_min == 0 || touch.ttl < source.ttl_min) source.ttl_min = touch.ttl;
  if (touch.ttl > source.ttl_max) source.ttl_max = touch.ttl;
  run = {number, touch.traits, stamp_of(touch), touch.kind, touch.signature, 0};
}

}  // namespace picket
