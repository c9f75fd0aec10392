/// Open services that a source found with contacts beyond its list: what it learned must not depend
/// on what fits. One bounded pool; each source's are chained in the order they came. A service that
/// answers twice in an epoch may be in it twice. Twin: packages/observer/src/observe/finds.ts.
#pragma once

#include <cstdint>

#include "base/table.h"
#include "batch/layout.h"
#include "observe/address_index.h"
#include "observe/touch.h"

namespace picket {

/// A source's part of the pool.
struct FindList {
  uint32_t first;
  uint32_t last;
  /// Finds that found no room, in the list or the pool.
  uint32_t missed;
  uint16_t count;

  void reset() { *this = {NONE, NONE, 0, 0}; }
};

struct Find {
  Address target;
  uint32_t service;  ///< protocol << 16 | port
  uint32_t next;     ///< next find of the same source, or NONE
};

class Finds {
 public:
  Finds() : finds_(FINDS_MAX) {}

  /// Notes that the touch's target answered.
  void add(FindList& list, const Touch& touch) {
    if (list.last != NONE) {
      const Find& last = finds_[list.last];
      if (last.service == touch.service && last.target == touch.target) return;
    }
    if (list.count == FINDS_PER_SOURCE_MAX || used_ == FINDS_MAX) {
      list.missed++;
      refused++;
      return;
    }
    const uint32_t number = used_++;
    finds_[number] = {touch.target, touch.service, NONE};
    if (list.last == NONE) {
      list.first = number;
    } else {
      finds_[list.last].next = number;
    }
    list.last = number;
    list.count++;
  }

  const Find& operator[](uint32_t number) const { return finds_[number]; }

  void clear() { used_ = 0; }

  /// Finds that found no room, cumulative.
  uint64_t refused = 0;

 private:
  /// Of all sources in an epoch.
  static constexpr uint32_t FINDS_MAX = 65'536;

  uint32_t used_ = 0;
  Table<Find> finds_;
};

}  // namespace picket
