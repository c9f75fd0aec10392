/// Who probes: the source table in its two tiers, with lists of targets and contacts, and what
/// takes over when those are full: sketches, and exact sets of ports. One call per probe or answer;
/// everything is forgotten when the epoch closes. Twin: packages/observer/src/observe/sources.ts.
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
#include "observe/port_sets.h"
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

/// What sketches take of a service at a target; of that, they take `target_hash`.
constexpr uint32_t pair_hash(uint32_t target_hash, uint32_t service) {
  return finish(mix(target_hash, service));
}

/// A source that has touched more than its lists take, at hand with its sketches' registers
/// and the page of its TCP ports.
struct WideSource {
  uint32_t number = NONE;
  Source* source = nullptr;
  uint8_t* targets = nullptr;
  uint8_t* pairs = nullptr;
  uint8_t* tcp_ports = nullptr;
};

class Sources {
 public:
  Sources(const ObserverConfig& config, Sketches& sketches, PortSets& port_sets);

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
  /// into its sketches and port set; else one without number. Good until `clear`.
  WideSource wide_source();

  /// False when the target with this `keyed_hash` is in no list of the source.
  bool may_list(const WideSource& wide, uint32_t target_hash) const {
    return filters_.may_contain(wide.number, target_hash);
  }

  /// Takes in an IPv4 probe by TCP of the source to a target that is in no list.
  void touch_unlisted(const WideSource& wide, const Touch& touch) {
    wide.source->last_us = touch.offset_us;
    tally.count(wide.number, *wide.source, touch);
    const uint32_t target_hash = address_hash_v4(touch.target.word[3]);
    Sketches::add_to(wide.targets, target_hash);
    Sketches::add_to(wide.pairs, pair_hash(target_hash, touch.service));
    PortSets::add_to(wide.tcp_ports, PortSets::bit_number(touch.service));
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
  void open_pair_sets(Source& source);
  void note_pair(Source& source, uint32_t target_hash, uint32_t service);
  uint32_t add_member(uint32_t number, const Touch& touch);
  uint32_t add_contact(Source& source, uint32_t member, const Touch& touch);

  Sketches& sketches_;
  PortSets& port_sets_;
  MemberFilters filters_;
  uint32_t early_targets_;
  uint32_t early_ports_;
  uint32_t early_pairs_;
  /// After `seek`: the source's entry in either tier, or NONE. A live light entry has no full one.
  uint32_t full_ = NONE;
  uint32_t waiting_ = NONE;
};

}  // namespace picket
