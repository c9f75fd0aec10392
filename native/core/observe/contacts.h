/// Contacts: what a source did to one (target, protocol, port) in this epoch, and what came of it.
/// One bounded pool; each source's contacts are chained in the order they came. Twin:
/// packages/observer/src/observe/contacts.ts.
#pragma once

#include <cstdint>

#include "observe/address_index.h"
#include "observe/known_hashes.h"

namespace picket {

struct Contact {
  uint32_t member;   ///< index of the target in the source's AddressSets
  uint32_t service;  ///< protocol << 16 | port
  uint32_t next;     ///< next contact of the same source, or NONE
  uint32_t first_us;
  uint32_t last_us;
  uint32_t tuple;
  uint16_t kinds;
  uint16_t outcome;
  uint16_t packets;
  uint8_t ttl;
  uint32_t slot;
};

class Contacts {
 public:
  explicit Contacts(uint32_t entries_max)
      : capacity_(std::min(entries_max, ENTRIES_MAX)),
        slot_mask_(slot_count_for(capacity_) - 1),
        slots_(slot_count_for(capacity_)),
        contacts_(capacity_) {}

  uint32_t find(uint32_t member, uint32_t service) const {
    const uint32_t hash = hash_of(member, service);
    // Of a scan of many ports, most contacts are not in the list: it is full.
    if (!known_.may_contain(hash)) return NONE;
    uint32_t slot = hash & slot_mask_;
    for (uint32_t left = PROBES_MAX; left > 0; left--) {
      const uint32_t at = slots_[slot];
      if (at == 0) return NONE;
      if (((at ^ hash) & ~ENTRIES_MAX) == 0) {
        const uint32_t number = (at & ENTRIES_MAX) - 1;
        const Contact& contact = contacts_[number];
        if (contact.member == member && contact.service == service) return number;
      }
      slot = (slot + 1) & slot_mask_;
    }
    return NONE;
  }

  /// Adds a contact known to be absent, all zero but its key. NONE when the pool is full.
  uint32_t add(uint32_t member, uint32_t service, uint32_t offset_us) {
    const uint32_t hash = hash_of(member, service);
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
    known_.add(hash);
    Contact& contact = contacts_[number];
    contact = {};
    contact.member = member;
    contact.service = service;
    contact.next = NONE;
    contact.first_us = offset_us;
    contact.last_us = offset_us;
    contact.slot = slot;
    return number;
  }

  Contact& operator[](uint32_t contact) { return contacts_[contact]; }
  const Contact& operator[](uint32_t contact) const { return contacts_[contact]; }

  void clear() {
    for (uint32_t contact = 0; contact < used; contact++) slots_[contacts_[contact].slot] = 0;
    known_.clear();
    used = 0;
  }

  uint32_t used = 0;
  uint64_t refused = 0;

 private:
  static uint32_t hash_of(uint32_t member, uint32_t service) {
    return finish(mix(mix(HASH_SEED, member), service));
  }

  uint32_t capacity_;
  uint32_t slot_mask_;
  /// Contact number + 1 in the low 24 bits, 0 empty; the high bits are the hash's.
  Table<uint32_t> slots_;
  Table<Contact> contacts_;
  KnownHashes known_;
};

}  // namespace picket
