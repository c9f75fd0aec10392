/// Who is probed: one entry per protected address touched in this epoch, to see floods and to keep
/// their spoofed sources from filling the source table. Twin:
/// packages/observer/src/observe/targets.ts.
#pragma once

#include <cstdint>

#include "batch/layout.h"
#include "observe/address_sets.h"
#include "observe/folded_sources.h"
#include "observe/known_hashes.h"
#include "observe/sketches.h"
#include "observe/touch.h"

namespace picket {

/// Exact sources of a target in an epoch (guarantee 3).
constexpr uint32_t TARGET_SOURCES_EXACT_MAX = 256;
/// New sources on one service of one target in an epoch beyond which they are folded into the
/// target.
constexpr int32_t FOLD_SERVICE_SINGLES = 2048;
/// ... and on any service of it.
constexpr int32_t FOLD_TARGET_SINGLES = 8192;

struct Target {
  uint32_t counters[TARGET_COUNTER_COUNT];
  /// The service most SYNs go to (Boyer-Moore majority), and its SYNs since it became that.
  uint32_t top_service;
  uint32_t top_syns;
  uint32_t top_lead;
  /// The service most new sources come to (majority again), and all new sources.
  uint32_t new_service;
  int32_t new_lead;
  int32_t new_sources;
  uint32_t first_member;
  uint32_t last_member;
  int32_t source_sketch;
  uint16_t source_count;
  /// Its first source. Listed among `sources` when a second one comes: most targets have one.
  Address lone_source;

  /// Whether `lone_source` is all there is.
  bool is_lone() const { return source_count == 1 && first_member == NONE; }
};

class Targets {
 public:
  Targets(uint32_t capacity, uint32_t sources_max, Sketches& sketches)
      : index(capacity), sources(sources_max), sketches_(sketches) {}

  /// The entry of the touch's target, made if there is room; NONE otherwise.
  uint32_t of(const Touch& touch) {
    const uint32_t target = find(touch);
    return target == NONE ? add(touch) : target;
  }

  /// Counts a probe: kinds, top service, distinct sources.
  void probe(uint32_t target, const Touch& touch) {
    Target& entry = index[target];
    entry.counters[TARGET_PROBES]++;
    if (touch.kind == PROBE_SYN) {
      entry.counters[TARGET_SYNS]++;
      count_top(entry, touch.service);
    }
    add_source(target, entry, touch);
  }

  void count(uint32_t target, TargetCounter counter) { index[target].counters[counter]++; }

  /// Whether a source without an entry, coming with this touch, is one of a flood's many: then it
  /// is counted here and gets none, until it comes back for something else. Call it for such
  /// sources only, once each touch.
  bool folds(uint32_t target, const Touch& touch) {
    Target& entry = index[target];
    entry.new_sources++;
    if (entry.new_lead == 0) entry.new_service = touch.service;
    entry.new_lead += entry.new_service == touch.service ? 1 : -1;
    if (!is_flooded(target, touch.service)) return false;
    if (may_hide(target, touch) && folded_.comes_back(touch)) return false;
    count(target, TARGET_SINGLES_FOLDED);
    any_flooded = true;
    return true;
  }

  /// Whether new sources on this service of the target are being folded.
  bool is_flooded(uint32_t target, uint32_t service) const {
    return index[target].new_sources > FOLD_TARGET_SINGLES || is_flooded_service(target, service);
  }

  /// Whether this service is what the target is flooded on.
  bool is_flooded_service(uint32_t target, uint32_t service) const {
    const Target& entry = index[target];
    return entry.new_service == service && entry.new_lead > FOLD_SERVICE_SINGLES;
  }

  /// The entry of the touch's target if there is one.
  uint32_t find(const Touch& touch) const {
    const uint32_t hash = touch.target_hash;
    if (!known_.may_contain(hash)) return NONE;
    return index.find(hash, touch.tunnel_key, touch.target);
  }

  /// Starts to load what `of` will look at.
  void prefetch(const Touch& touch) const { index.prefetch(touch.target_hash); }

  void clear() {
    index.clear();
    known_.clear();
    sources.clear();
    folded_.clear();
    any_flooded = false;
    flooded_services_ = 0;
  }

  /// Whether a new source was folded in this epoch.
  bool any_flooded = false;
  AddressIndex<Target> index;
  AddressSets sources;

 private:
  uint32_t add(const Touch& touch) {
    const uint32_t target = index.add(touch.target_hash, touch.tunnel_key, touch.target);
    if (target == NONE) return NONE;
    known_.add(touch.target_hash);
    Target& entry = index[target];
    entry.first_member = NONE;
    entry.last_member = NONE;
    entry.source_sketch = NO_SKETCH;
    return target;
  }

  /// Whether a source can have touched something else that is flooded: nobody scans one service.
  bool may_hide(uint32_t target, const Touch& touch) {
    if (!is_flooded_service(target, touch.service)) return true;
    if (index[target].new_lead == FOLD_SERVICE_SINGLES + 1) flooded_services_++;
    return flooded_services_ > 1;
  }

  static void count_top(Target& entry, uint32_t service) {
    if (entry.top_lead == 0 && entry.top_service != service) {
      entry.top_service = service;
      entry.top_syns = 0;
    }
    if (entry.top_service == service) {
      entry.top_lead++;
      entry.top_syns++;
    } else {
      entry.top_lead--;
    }
  }

  void add_source(uint32_t target, Target& entry, const Touch& touch) {
    if (entry.source_sketch >= 0) {
      sketches_.add(entry.source_sketch, address_hash(HASH_SEED, touch.source));
      return;
    }
    if (entry.source_count == 0) {
      entry.lone_source = touch.source;
      entry.source_count = 1;
      return;
    }
    if (entry.is_lone()) {
      if (entry.lone_source == touch.source) return;
      const Address lone = entry.lone_source;
      entry.source_count = 0;
      if (!list(target, entry, touch.target_hash, lone)) entry.source_count = 1;
    } else if (sources.find(touch.target_hash, target, touch.source) != NONE) {
      return;
    }
    const bool has_room = !entry.is_lone() && entry.source_count < TARGET_SOURCES_EXACT_MAX;
    if (has_room && list(target, entry, touch.target_hash, touch.source)) return;
    if (entry.source_sketch != NO_SKETCH) return;
    const int32_t sketch = sketches_.take();
    entry.source_sketch = sketch;
    if (entry.is_lone()) sketches_.add(sketch, address_hash(HASH_SEED, entry.lone_source));
    for (uint32_t m = entry.first_member; m != NONE; m = sources[m].next) {
      sketches_.add(sketch, sources.hash_of(m));
    }
    sketches_.add(sketch, address_hash(HASH_SEED, touch.source));
  }

  /// Adds an absent source to the exact set; false when the pool is full.
  bool list(uint32_t target, Target& entry, uint32_t target_hash, const Address& source) {
    const uint32_t member =
        sources.append(target_hash, target, source, entry.source_count, entry.last_member);
    if (member == NONE) return false;
    if (entry.last_member == NONE) entry.first_member = member;
    entry.last_member = member;
    entry.source_count++;
    return true;
  }

  Sketches& sketches_;
  KnownHashes known_;
  FoldedSources folded_;
  /// Times a service of a target became what it is flooded on.
  uint32_t flooded_services_ = 0;
};

}  // namespace picket
