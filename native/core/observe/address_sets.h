/// Exact sets of addresses, each owned by an entity (the targets of a source, the sources of a
/// target), in one bounded pool. A set's members are chained in the order they came. Twin:
/// packages/observer/src/observe/address-sets.ts.
#pragma once

#include <cstdint>

#include "observe/address_index.h"
#include "observe/port_sets.h"

namespace picket {

struct Member {
  uint32_t next;        ///< next member of the same owner, or NONE
  int32_t port_set;     ///< all ports of this target, once there are more than are listed
  uint16_t ordinal;     ///< position inside the owner's set, from 0
  uint16_t port_count;  ///< ports of this target that are listed
};

class AddressSets {
 public:
  explicit AddressSets(uint32_t capacity) : index_(capacity) {}

  /// The owner's member with this address, or NONE. `owner_hash` is the owner's `keyed_hash`.
  uint32_t find(uint32_t owner_hash, uint32_t owner, const Address& address) const {
    return index_.find(address_hash(owner_hash, address), owner, address);
  }

  /// Adds an absent address as the owner's member number `ordinal`, chained behind `previous` (or
  /// NONE).
  uint32_t append(uint32_t owner_hash, uint32_t owner, const Address& address, uint16_t ordinal,
                  uint32_t previous) {
    const uint32_t member = index_.add(address_hash(owner_hash, address), owner, address);
    if (member == NONE) return NONE;
    index_[member] = {NONE, NO_PORT_SET, ordinal, 0};
    if (previous != NONE) index_[previous].next = member;
    return member;
  }

  Member& operator[](uint32_t member) { return index_[member]; }
  const Member& operator[](uint32_t member) const { return index_[member]; }
  const Address& address(uint32_t member) const { return index_.address(member); }
  /// The finished hash of a member's address alone: what sketches take.
  uint32_t hash_of(uint32_t member) const { return address_hash(HASH_SEED, address(member)); }
  /// Addresses that found no room, cumulative.
  uint64_t refused() const { return index_.refused; }
  void clear() { index_.clear(); }

 private:
  AddressIndex<Member> index_;
};

}  // namespace picket
