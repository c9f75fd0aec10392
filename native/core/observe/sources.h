/// Who probes: the source table in its two tiers, with exact targets and contacts that degrade to
/// sketches. One call per probe or answer; everything is forgotten when the epoch closes. Twin:
/// packages/observer/src/observe/sources.ts.
#pragma once

#include <cstdint>

#include "batch/layout.h"
#include "observe/address_index.h"
#include "observe/address_sets.h"
#include "observe/contacts.h"
#include "observe/early_batches.h"
#include "observe/finds.h"
#include "observe/light_sources.h"
#include "observe/member_filter.h"
#include "observe/payload_pool.h"
#include "observe/sketches.h"
#include "observe/source_tallies.h"
#include "observe/touch.h"
#include "options.h"

namespace picket {

/// Exact targets of a source, and exact ports of one of its targets, in an epoch (guarantee 3).
constexpr uint32_t TARGETS_EXACT_MAX = 256;
constexpr uint32_t PORTS_EXACT_MAX = 256;
/// Exact contacts of a source in an epoch.
constexpr uint32_t CONTACTS_EXACT_MAX = 1024;

/// What sketches of services take of one.
inline uint32_t service_hash(uint32_t service) { return finish(mix(HASH_SEED, service)); }

class Sources {
 public:
  Sources(const ObserverConfig& config, Sketches& sketches);

  /// Looks up the touch's source, for `is_new`, `probe_ttl` and `touch`.
  [[gnu::always_inline]] void seek(const Touch& touch) {
    // A scanner's packets come one after the other.
    if (full_ != NONE && index.is(full_, touch.source_hash, touch.tunnel_key, touch.source)) return;
    full_ = index.find(touch.source_hash, touch.tunnel_key, touch.source);
    waiting_ = full_ == NONE ? light.find(touch) : NONE;
  }

  /// Starts to load what `seek` and `touch` will look at.
  void prefetch(const Touch& touch) const {
    index.prefetch(touch.source_hash);
    light.index.prefetch(touch.source_hash);
  }

  /// Whether the source sought is unknown in this epoch: a touch would make it a light source.
  bool is_new() const { return full_ == NONE && waiting_ == NONE; }

  /// Whether the source sought has more targets than can be listed.
  bool is_wide() const { return full_ != NONE && index[full_].target_sketch != NO_SKETCH; }

  /// The source sought, when its lists take no target any more and all that is not in them goes
  /// into its sketches; else NONE.
  uint32_t sweeping() const {
    if (full_ == NONE) return NONE;
    const Source& source = index[full_];
    const bool is_sketched = (source.target_sketch | source.pair_sketch | source.port_sketch) >= 0;
    return is_sketched && source.target_count == TARGETS_EXACT_MAX && filters_.has(full_) ? full_
                                                                                          : NONE;
  }

  /// Of a source that is `sweeping`: false when the target with this `keyed_hash` is in no list.
  bool may_list(uint32_t source, uint32_t target_hash) const {
    return filters_.may_contain(source, target_hash);
  }

  /// Takes in a probe of a source that is `sweeping` to a target that is in no list.
  void touch_unlisted(uint32_t number, const Touch& touch) {
    Source& source = index[number];
    source.last_us = touch.offset_us;
    tally.count(number, touch);
    const uint32_t target_hash = address_hash(HASH_SEED, touch.target);
    sketches_.add(source.target_sketch, target_hash);
    sketch_pair(source, target_hash, touch.service);
  }

  /// Takes in one touch of the source sought; `crossed` names a source that has just reached an
  /// early count.
  void touch(const Touch& touch) {
    crossed = NONE;
    if (full_ != NONE) touch_full(full_, touch);
    else touch_waiting(touch);
  }

  /// The TTL of the sought source's first probe to the touch's service, 0 when not known exactly.
  uint8_t probe_ttl(const Touch& touch) const;

  /// The full state of the touch's source, or NONE. `may_make`: it gets one now, for this touch; a
  /// light source takes along what it did.
  uint32_t full_state_of(const Touch& touch, bool may_make);

  /// The touch's target among those a source is known to have reached, or NONE.
  uint32_t member_of(uint32_t source, const Touch& touch) const {
    return targets.find(touch.source_hash, source, touch.target);
  }

  /// Whether a source does enough for its clients' fingerprints to matter.
  bool is_worth_samples(uint32_t source) const;

  PayloadLists& payload_lists(uint32_t source) { return index[source].payloads; }

  void clear();

  AddressIndex<Source> index;
  LightSources light;
  AddressSets targets;
  Contacts contacts;
  ProbeTally tally;
  PayloadPool payloads;
  Finds finds;
  /// The source that reached an early count with the last touch, or NONE; and which, as bits of
  /// `EarlyCount`.
  uint32_t crossed = NONE;
  uint32_t reached = 0;
  /// Touches whose source found no room, in either tier, cumulative.
  uint64_t refused = 0;

 private:
  uint32_t add(const Touch& touch);
  void reach(uint32_t number, EarlyCount count) {
    reached = crossed == number ? reached | count : count;
    crossed = number;
  }
  void touch_waiting(const Touch& touch);
  void promote(uint32_t light_source, const Touch& touch);
  void touch_full(uint32_t number, const Touch& touch);
  bool may_be_member(uint32_t number, const Source& source, const Touch& touch);
  uint32_t admit_target(uint32_t number, const Touch& touch, uint32_t target_hash);
  uint32_t admit_contact(uint32_t number, uint32_t member, const Touch& touch);
  void open_pair_sketches(Source& source);
  /// `target_hash` is what sketches take of the target.
  void sketch_pair(const Source& source, uint32_t target_hash, uint32_t service) {
    sketches_.add(source.pair_sketch, finish(mix(target_hash, service)));
    sketches_.add(source.port_sketch, service_hash(service));
  }
  uint32_t add_member(uint32_t number, const Touch& touch);
  uint32_t add_contact(Source& source, uint32_t member, const Touch& touch);

  Sketches& sketches_;
  MemberFilters filters_;
  uint32_t early_targets_;
  uint32_t early_ports_;
  uint32_t early_pairs_;
  /// After `seek`: the source's entry in either tier, or NONE. A live light entry has no full one.
  uint32_t full_ = NONE;
  uint32_t waiting_ = NONE;
};

}  // namespace picket
