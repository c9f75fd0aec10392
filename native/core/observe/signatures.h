/// SYN signatures of the epoch, interned: the tables carry a 16-bit number, the batch the bytes
/// once. A scanner with random fields fills the pool; beyond it SYNs count without one. Twin:
/// packages/observer/src/observe/signatures.ts.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "base/hash.h"
#include "base/table.h"
#include "batch/layout.h"
#include "observe/address_index.h"
#include "observe/syn_signature.h"
#include "observe/traits.h"

namespace picket {

/// Bytes kept a signature: 16 of fixed fields and up to 40 option kinds.
constexpr uint32_t SIGNATURE_SIZE_MAX = 64;

class Signatures {
 public:
  /// Numbers are 16 bits wide, so `capacity` is at most NO_SIGNATURE.
  explicit Signatures(uint32_t capacity)
      : capacity_(std::min(capacity, NO_SIGNATURE)),
        slot_mask_(slot_count_for(capacity_) - 1),
        slots_(slot_count_for(capacity_)),
        entries_(capacity_) {}

  /// The number of the packet's signature, or NO_SIGNATURE when the pool is full.
  uint16_t of(const Packet& packet) {
    OfShape& known = of_shapes_[packet.shape % SYN_SHAPES];
    if (packet.shape != 0 && packet.shape == known.shape) {
      last_traits_ = known.traits;
      return known.signature;
    }
    const uint16_t signature = find(packet);
    if (packet.shape != 0 && signature != NO_SIGNATURE) {
      known = {packet.shape, last_traits_, signature};
    }
    return signature;
  }

  /// `shape_traits` of the SYN that `of` was asked for last.
  uint32_t last_traits() const { return last_traits_; }

  const uint8_t* bytes(uint16_t signature) const { return entries_[signature].bytes; }
  uint32_t size(uint16_t signature) const { return entries_[signature].size; }

  void clear() {
    for (uint32_t entry = 0; entry < used; entry++) slots_[entries_[entry].slot] = 0;
    used = 0;
    last_ = NO_SIGNATURE;
    of_shapes_.fill({});
  }

  uint32_t used = 0;
  /// SYNs whose signature found no room, cumulative.
  uint64_t refused = 0;

 private:
  struct Entry {
    uint8_t bytes[SIGNATURE_SIZE_MAX];
    uint32_t size;
    uint32_t hash;
    uint32_t slot;
  };

  /// What SYNs of one `shape` have in common; 0 is none.
  struct OfShape {
    uint64_t shape = 0;
    uint32_t traits = 0;
    uint16_t signature = 0;
  };

  uint16_t find(const Packet& packet) {
    if (last_ != NO_SIGNATURE && last_facts_.match(packet)) {
      last_traits_ = last_facts_traits_;
      return last_;
    }
    last_facts_.take(packet);
    last_traits_ = last_facts_traits_ = shape_traits(packet);
    uint8_t* scratch = reinterpret_cast<uint8_t*>(scratch_);
    const uint32_t size = write_syn_signature(packet, scratch);
    const uint32_t padded = (size + 3) & ~3u;
    for (uint32_t at = size; at < padded; at++) scratch[at] = 0;
    last_ = static_cast<uint16_t>(intern(size, padded / 4));
    return last_;
  }

  /// The number of the signature in the scratch, made if there is room.
  uint32_t intern(uint32_t size, uint32_t words) {
    uint32_t hash = HASH_SEED;
    for (uint32_t word = 0; word < words; word++) hash = mix(hash, scratch_[word]);
    hash = finish(hash);
    uint32_t slot = hash & slot_mask_;
    uint32_t left = PROBES_MAX;
    for (; left > 0 && slots_[slot] != 0; left--) {
      const uint32_t entry = slots_[slot] - 1;
      if (entries_[entry].hash == hash && equals(entry, size)) return entry;
      slot = (slot + 1) & slot_mask_;
    }
    if (left == 0 || used == capacity_) {
      refused++;
      return NO_SIGNATURE;
    }
    const uint32_t number = used++;
    slots_[slot] = number + 1;
    Entry& entry = entries_[number];
    std::memcpy(entry.bytes, scratch_, size);
    entry.size = size;
    entry.hash = hash;
    entry.slot = slot;
    return number;
  }

  bool equals(uint32_t entry, uint32_t size) const {
    return entries_[entry].size == size && std::memcmp(entries_[entry].bytes, scratch_, size) == 0;
  }

  uint32_t capacity_;
  uint32_t slot_mask_;
  Table<uint32_t> slots_;  ///< signature number + 1, 0 empty
  Table<Entry> entries_;
  uint32_t scratch_[SIGNATURE_SIZE_MAX / 4] = {};
  /// The one the last SYN had, and that SYN's facts: most SYNs have their predecessor's.
  uint16_t last_ = NO_SIGNATURE;
  SynFacts last_facts_;
  uint32_t last_facts_traits_ = 0;
  /// By the shape's place.
  std::array<OfShape, SYN_SHAPES> of_shapes_{};
  uint32_t last_traits_ = 0;
};

}  // namespace picket
