/// Contacts: what a source did to one (target, protocol, port) in this epoch, and what came of it.
/// One bounded pool; each source's contacts are chained in the order they came. Twin:
/// packages/observer/src/observe/contacts.ts.
#pragma once

#include <cstdint>

#include "observe/address_index.h"

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
  explicit Contacts(uint32_t capacity)
      : capacity_(capacity),
        slot_mask_(slot_count_for(capacity) - 1),
        slots_(slot_count_for(capacity)),
        contacts_(capacity) {}

  uint32_t find(uint32_t member, uint32_t service) const {
    const uint32_t hash = hash_of(member, service);
    uint32_t slot = hash & slot_mask_;
    for (uint32_t left = PROBES_MAX; left > 0; left--) {
      const Slot& at = slots_[slot];
      if (at.number == 0) return NONE;
      if (at.hash == hash) {
        const Contact& contact = contacts_[at.number - 1];
        if (contact.member == member && contact.service == service) return at.number - 1;
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
    for (uint32_t contact = 0; contact < used; contact++) slots_[contacts_[contact].slot] = {};
    used = 0;
  }

  uint32_t used = 0;
  uint64_t refused = 0;

 private:
  struct Slot {
    uint32_t hash;
    uint32_t number;  ///< contact number + 1, 0 empty
  };

  static uint32_t hash_of(uint32_t member, uint32_t service) {
    return finish(mix(mix(HASH_SEED, member), service));
  }

  uint32_t capacity_;
  uint32_t slot_mask_;
  Table<Slot> slots_;
  Table<Contact> contacts_;
};

}  // namespace picket
