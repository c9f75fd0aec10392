/// Spares a look-up: of a source whose exact targets are full, most probes go to targets that are
/// not among them, and asking the set costs a cache miss each. A few Bloom filters of two bits an
/// address, both in one word, answer "certainly not" from the first-level cache. They change no
/// result. Twin: packages/observer/src/observe/member-filters.ts.
#pragma once

#include <cstdint>
#include <cstring>

#include "base/table.h"
#include "observe/address_index.h"

namespace picket {

class MemberFilters {
 public:
  MemberFilters() : filters_(FILTERS), words_(FILTERS * WORDS) { clear(); }

  /// Whether the owner has a filter; false too when another owner has its place.
  bool has(uint32_t owner) const { return filters_[owner % FILTERS] == owner; }

  /// Gives the owner an empty filter, to be filled with all its members. False: its place is taken.
  bool open(uint32_t owner) {
    uint32_t& place = filters_[owner % FILTERS];
    if (place != NONE) return place == owner;
    place = owner;
    std::memset(&words_[(owner % FILTERS) * WORDS], 0, WORDS * sizeof(uint64_t));
    return true;
  }

  /// Adds a member by the finished hash of its address, if the owner has a filter.
  void add(uint32_t owner, uint32_t hash) {
    if (has(owner)) word_of(owner, hash) |= bits_of(hash);
  }

  /// False: certainly no member. Asked only of an owner that has a filter.
  bool may_contain(uint32_t owner, uint32_t hash) const {
    return (word_of(owner, hash) & bits_of(hash)) == bits_of(hash);
  }

  void clear() {
    for (uint32_t place = 0; place < FILTERS; place++) filters_[place] = NONE;
  }

 private:
  /// Sources that overflow in one epoch are few; the next ones do without.
  static constexpr uint32_t FILTERS = 64;
  /// 8,192 bits for 256 members: of strangers, 1 in 200 is asked for in vain.
  static constexpr uint32_t WORDS = 128;

  uint64_t& word_of(uint32_t owner, uint32_t hash) {
    return words_[(owner % FILTERS) * WORDS + (hash >> 25)];
  }
  const uint64_t& word_of(uint32_t owner, uint32_t hash) const {
    return words_[(owner % FILTERS) * WORDS + (hash >> 25)];
  }
  static uint64_t bits_of(uint32_t hash) {
    return uint64_t{1} << ((hash >> 19) & 63) | uint64_t{1} << ((hash >> 13) & 63);
  }

  Table<uint32_t> filters_;
  Table<uint64_t> words_;
};

}  // namespace picket
