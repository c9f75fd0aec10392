/// Who a flood's folding may hide: a source whose first touch was folded is new again with its
/// next, so one whose every probe goes to a flooded target would never be known. Two bytes each for
/// a million recent ones tell who comes back for something else. The latest keeps its place, so a
/// flood of ten million a second hides nobody who sends ten of his own. Twin:
/// packages/observer/src/observe/folded-sources.ts.
#pragma once

#include <cstdint>
#include <cstring>

#include "base/hash.h"
#include "base/table.h"
#include "observe/touch.h"

namespace picket {

class FoldedSources {
 public:
  FoldedSources() : places_(PLACES) {}

  /// Remembers the touch of a source that is to be folded. True when that source was folded before
  /// in this epoch, with a touch of another service or target: one in two hundred is taken for the
  /// one before it.
  bool comes_back(const Touch& touch) {
    const uint32_t hash = touch.source_hash;
    uint16_t& place = places_[hash >> (32 - PLACE_BITS)];
    const auto who = static_cast<uint8_t>(hash | 0x80);
    const auto what = static_cast<uint8_t>(finish(mix(touch.target_hash, touch.service)));
    const uint16_t before = place;
    place = static_cast<uint16_t>(who << 8 | what);
    is_used_ = true;
    return before >> 8 == who && (before & 0xff) != what;
  }

  void clear() {
    if (!is_used_) return;
    std::memset(&places_[0], 0, PLACES * sizeof(uint16_t));
    is_used_ = false;
  }

 private:
  static constexpr uint32_t PLACE_BITS = 20;
  static constexpr uint32_t PLACES = 1u << PLACE_BITS;

  /// By the hash's highest bits; who: its lowest seven, and a bit that says there is one.
  Table<uint16_t> places_;
  bool is_used_ = false;
};

}  // namespace picket
