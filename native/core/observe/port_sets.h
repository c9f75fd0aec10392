/// Exact sets of services (`Touch::service`) that outgrew their lists, from one bounded pool: a bit
/// for each port, in pages that are taken when a protocol is first met. Twin:
/// packages/observer/src/observe/port-sets.ts.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "base/table.h"
#include "batch/layout.h"

namespace picket {

/// No port set was needed so far.
constexpr int32_t NO_PORT_SET = -1;
/// One was needed and there is none, or not all of it: more is known to be there than is listed.
constexpr int32_t REFUSED_PORT_SET = -2;

class PortSets {
 public:
  explicit PortSets(uint32_t pages_max)
      : capacity_(pages_max), sets_(pages_max), bytes_(size_t{pages_max} * PORT_PAGE_SIZE) {}

  /// Adds a service to `set`, a member of an owner: takes the set, or one more page of it, when it
  /// is needed, and refuses the whole when there is none.
  void add(int32_t& set, uint32_t service) {
    uint8_t* const page = page_of(set, page_number(service));
    if (page != nullptr) add_to(page, bit_number(service));
  }

  /// The PORT_PAGE_SIZE bytes of a set's page, taken if need be; null when the set is refused.
  /// Good until `clear`.
  uint8_t* page_of(int32_t& set, PortPage page) {
    if (set == NO_PORT_SET) set = take_set();
    if (set < 0) return nullptr;
    int32_t& place = sets_[static_cast<uint32_t>(set)].place[page];
    if (place == 0 && !take_page(place)) {
      set = REFUSED_PORT_SET;
      return nullptr;
    }
    return &bytes_[size_t{static_cast<uint32_t>(place) - 1} * PORT_PAGE_SIZE];
  }

  static void add_to(uint8_t* page, uint32_t bit) {
    page[bit >> 3] |= static_cast<uint8_t>(1u << (bit & 7));
  }

  /// A page of a set that was taken, null when it has none.
  const uint8_t* page(int32_t set, PortPage page) const {
    const int32_t place = sets_[static_cast<uint32_t>(set)].place[page];
    if (place == 0) return nullptr;
    return &bytes_[size_t{static_cast<uint32_t>(place) - 1} * PORT_PAGE_SIZE];
  }

  /// Bits that are set in a page.
  static uint32_t count(const uint8_t* page) {
    uint32_t sum = 0;
    for (uint32_t at = 0; at < PORT_PAGE_SIZE; at += 8) {
      uint64_t word;
      std::memcpy(&word, page + at, 8);
      sum += static_cast<uint32_t>(std::popcount(word));
    }
    return sum;
  }

  static constexpr PortPage page_number(uint32_t service) {
    switch (service >> 16) {
      case 6:
        return PORT_PAGE_TCP;
      case 17:
        return PORT_PAGE_UDP;
      case 132:
        return PORT_PAGE_SCTP;
      default:
        return PORT_PAGE_OTHER;
    }
  }

  /// Other protocols have no ports; ICMP has types, below 256.
  static constexpr uint32_t bit_number(uint32_t service) {
    const bool has_ports = page_number(service) != PORT_PAGE_OTHER;
    return has_ports ? service & 0xffff : (service >> 8 & 0xff00) | (service & 0xff);
  }

  /// Forgets all of them: the epoch is over.
  void clear() { used_sets_ = used_pages_ = 0; }

  /// Sets and pages asked for when there was none left, cumulative.
  uint64_t refused = 0;

 private:
  /// Places of its pages, from 1; 0: none yet.
  struct Set {
    std::array<int32_t, PORT_PAGES> place;
  };

  int32_t take_set() {
    // A set without a page of its own would be none.
    if (used_sets_ == capacity_ || used_pages_ == capacity_) {
      refused++;
      return REFUSED_PORT_SET;
    }
    sets_[used_sets_].place.fill(0);
    return static_cast<int32_t>(used_sets_++);
  }

  bool take_page(int32_t& place) {
    if (used_pages_ == capacity_) {
      refused++;
      return false;
    }
    std::memset(&bytes_[size_t{used_pages_} * PORT_PAGE_SIZE], 0, PORT_PAGE_SIZE);
    place = static_cast<int32_t>(++used_pages_);
    return true;
  }

  uint32_t capacity_;
  uint32_t used_sets_ = 0;
  uint32_t used_pages_ = 0;
  Table<Set> sets_;
  Table<uint8_t> bytes_;
};

}  // namespace picket
