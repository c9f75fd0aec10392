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

/// Finished hash of an address on top of a running one; IPv4 costs one word.
inline uint32_t address_hash(uint32_t hash, const Address& address) {
  const uint32_t* w = address.word;
  if (!address.is_v4()) hash = mix(mix(mix(hash, w[0]), w[1]), w[2]);
  return finish(mix(hash, w[3]));
}

/// Slots of a table with `capacity` entries: a power of two at half load.
inline uint32_t slot_count_for(uint32_t capacity) {
  return std::bit_ceil(std::max(2u, capacity * 2));
}

class AddressIndex {
 public:
  explicit AddressIndex(uint32_t capacity)
      : capacity_(capacity),
        slot_mask_(slot_count_for(capacity) - 1),
        slots_(slot_count_for(capacity)),
        entries_(capacity) {}

  uint32_t find(uint32_t key, const Address& address) const {
    const uint32_t hash = address_hash(mix(HASH_SEED, key), address);
    uint32_t slot = hash & slot_mask_;
    for (uint32_t left = PROBES_MAX; left > 0; left--) {
      const Slot& at = slots_[slot];
      if (at.number == 0) return NONE;
      if (at.hash == hash) {
        const Entry& entry = entries_[at.number - 1];
        if (entry.key == key && entry.address == address) return at.number - 1;
      }
      slot = (slot + 1) & slot_mask_;
    }
    return NONE;
  }

  /// Starts to load the slot of a pair that is looked up soon: it is a cache miss away.
  void prefetch(uint32_t key, const Address& address) const {
    const uint32_t hash = address_hash(mix(HASH_SEED, key), address);
    __builtin_prefetch(&slots_[hash & slot_mask_]);
  }

  /// Adds a pair known to be absent; NONE, counted, when the table is full.
  uint32_t add(uint32_t key, const Address& address) {
    const uint32_t hash = address_hash(mix(HASH_SEED, key), address);
    uint32_t slot = hash & slot_mask_;
    uint32_t left = used < capacity_ ? PROBES_MAX : 0;
    while (left > 0 && slots_[slot].number != 0) {
      slot = (slot + 1) & slot_mask_;
      left--;
    }
    if (left == 0) {
      refused++;
      return NONE;
    }
    const uint32_t number = used++;
    slots_[slot] = {hash, number + 1};
    entries_[number] = {address, key, hash, slot};
    return number;
  }

  uint32_t key(uint32_t entry) const { return entries_[entry].key; }
  const Address& address(uint32_t entry) const { return entries_[entry].address; }
  /// The finished hash of an entry's address alone: what sketches take.
  uint32_t hash_of(uint32_t entry) const {
    return address_hash(HASH_SEED, entries_[entry].address);
  }
  /// The finished hash of an entry's key and address: what shards go by.
  uint32_t keyed_hash_of(uint32_t entry) const { return entries_[entry].hash; }

  void clear() {
    for (uint32_t entry = 0; entry < used; entry++) slots_[entries_[entry].slot] = {};
    used = 0;
  }

  uint32_t used = 0;
  /// Entries that found no room, cumulative.
  uint64_t refused = 0;

 private:
  struct Slot {
    uint32_t hash;
    uint32_t number;  ///< entry number + 1, 0 empty
  };
  struct Entry {
    Address address;
    uint32_t key;
    uint32_t hash;  ///< of key and address
    uint32_t slot;
  };

  uint32_t capacity_;
  uint32_t slot_mask_;
  Table<Slot> slots_;
  Table<Entry> entries_;
};

}  // namespace picket
