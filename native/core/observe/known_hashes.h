/// One bit for each entry of a table by its hash, so that asking for an unknown one needs no look
/// at the table, which is too large for the cache: 32 KiB. Of 10,000 entries, 4 % of the strangers
/// are asked for in vain. It changes no result.
/// Twin: packages/observer/src/observe/known-hashes.ts.
#pragma once

#include <cstdint>
#include <cstring>

#include "base/table.h"

namespace picket {

class KnownHashes {
 public:
  KnownHashes() : words_(WORDS) {}

  /// False: no entry has this finished hash.
  bool may_contain(uint32_t hash) const { return (words_[hash >> SHIFT] & bit_of(hash)) != 0; }

  void add(uint32_t hash) { words_[hash >> SHIFT] |= bit_of(hash); }

  void clear() { std::memset(&words_[0], 0, WORDS * sizeof(uint64_t)); }

 private:
  static constexpr uint32_t SHIFT = 20;
  static constexpr uint32_t WORDS = 1 << (32 - SHIFT);
  static uint64_t bit_of(uint32_t hash) { return uint64_t{1} << ((hash >> 14) & 63); }

  Table<uint64_t> words_;
};

}  // namespace picket
