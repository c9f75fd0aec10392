/// Dense numbering of (key word, address) pairs: the hash index under every table here. The key
/// word is a tunnel key for entities, an owner for sets. Open addressing with linear probing at
/// half load; no deletion, since every epoch starts afresh. Twin:
/// packages/observer/src/observe/address-index.ts.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "base/hash.h"
#include "base/table.h"
#include "decode/packet.h"

namespace picket {

/// Not found, or no room.
constexpr uint32_t NONE = 0xffffffff;
/// Slots looked at before a table is taken for full. A good hash at half load stays below 70 at a
/// million entries; who crafts addresses to collide gets a refusal, not our time.
constexpr uint32_t PROBES_MAX = 128;
/// Entries of one table: their number and 8 bits of the hash share a word.
constexpr uint32_t ENTRIES_MAX = 0xffffff;

/// The longer half of `address_hash`, apart so that the shorter one fits where it is used.
[[gnu::noinline]] inline uint32_t address_hash_v6(uint32_t hash, const Address& address) {
  const uint32_t* w = address.word;
  return finish(mix(mix(mix(mix(hash, w[0]), w[1]), w[2]), w[3]));
}

/// Finished hash of an address on top of a running one; IPv4 costs one word.
[[gnu::always_inline]] inline uint32_t address_hash(uint32_t hash, const Address& address) {
  if (address.is_v4()) [[likely]] return finish(mix(hash, address.word[3]));
  return address_hash_v6(hash, address);
}

/// Finished hash of a tunnel key and an address: what entities are found by.
inline uint32_t keyed_hash(uint32_t tunnel_key, const Address& address) {
  return address_hash(mix(HASH_SEED, tunnel_key), address);
}

/// Hash of an IPv4 address as its parts: `keyed_hash` of one outside tunnels, and `address_hash` on
/// top of the seed.
constexpr uint32_t keyed_hash_v4(uint32_t address) {
  return finish(mix(mix(HASH_SEED, 0), address));
}
constexpr uint32_t address_hash_v4(uint32_t address) { return finish(mix(HASH_SEED, address)); }

/// Slots of a table with `capacity` entries: a power of two at half load.
inline uint32_t slot_count_for(uint32_t capacity) {
  return std::bit_ceil(std::max(2u, capacity * 2));
}

/// A table of rows, each found by its key word and address. Rows are numbered from 0 in the order
/// they came; a new row is zero.
template <typename Row>
class AddressIndex {
 public:
  explicit AddressIndex(uint32_t entries_max)
      : capacity_(std::min(entries_max, ENTRIES_MAX)),
        slot_mask_(slot_count_for(capacity_) - 1),
        slots_(slot_count_for(capacity_)),
        entries_(capacity_) {}

  /// `hash` is the pair's: `keyed_hash` for an entity, the owner's for a member of a set.
  uint32_t find(uint32_t hash, uint32_t key, const Address& address) const {
    uint32_t slot = hash & slot_mask_;
    for (uint32_t left = PROBES_MAX; left > 0; left--) {
      const uint32_t at = slots_[slot];
      if (at == 0) return NONE;
      if (((at ^ hash) & ~ENTRIES_MAX) == 0) {
        const uint32_t number = (at & ENTRIES_MAX) - 1;
        const Entry& entry = entries_[number];
        if (entry.address == address && entry.key == key) return number;
      }
      slot = (slot + 1) & slot_mask_;
    }
    return NONE;
  }

  /// Adds a pair known to be absent; NONE, counted, when the table is full.
  uint32_t add(uint32_t hash, uint32_t key, const Address& address) {
    uint32_t slot = hash & slot_mask_;
    uint32_t left = used < capacity_ ? PROBES_MAX : 0;
    while (left > 0 && slots_[slot] != 0) {
      slot = (slot + 1) & slot_mask_;
      left--;
    }
    if (left == 0) {
      refused++;
      return NONE;
    }
    const uint32_t number = used++;
    slots_[slot] = (hash & ~ENTRIES_MAX) | (number + 1);
    entries_[number] = {address, key, hash, slot, {}};
    return number;
  }

  /// Whether row `number` is that of the pair with this hash.
  bool is(uint32_t number, uint32_t hash, uint32_t key, const Address& address) const {
    const Entry& entry = entries_[number];
    return entry.hash == hash && entry.key == key && entry.address == address;
  }

  /// Starts to load the slot for a hash that is looked up soon: it is a cache miss away.
  void prefetch(uint32_t hash) const { __builtin_prefetch(&slots_[hash & slot_mask_]); }

  Row& operator[](uint32_t number) { return entries_[number].row; }
  const Row& operator[](uint32_t number) const { return entries_[number].row; }
  uint32_t key(uint32_t number) const { return entries_[number].key; }
  const Address& address(uint32_t number) const { return entries_[number].address; }
  /// The hash it was added with: what shards go by.
  uint32_t hash(uint32_t number) const { return entries_[number].hash; }

  void clear() {
    for (uint32_t number = 0; number < used; number++) slots_[entries_[number].slot] = 0;
    used = 0;
  }

  uint32_t used = 0;
  /// Pairs that found no room, cumulative.
  uint64_t refused = 0;

 private:
  struct Entry {
    Address address;
    uint32_t key;
    uint32_t hash;
    uint32_t slot;
    Row row;
  };

  uint32_t capacity_;
  uint32_t slot_mask_;
  /// Entry number + 1 in the low 24 bits, 0 empty; the high bits are the hash's.
  Table<uint32_t> slots_;
  Table<Entry> entries_;
};

}  // namespace picket
