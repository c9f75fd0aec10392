/// The doorkeeper: sources that have touched one thing once. A source moves to full state on its
/// second distinct touch, so a flood of spoofed one-packet sources fills this tier and not the
/// other. When even this tier is full, a small array of tagged counters lets in who keeps knocking.
/// Twin: packages/observer/src/observe/light-sources.ts.
#pragma once

#include <cstdint>
#include <cstring>

#include "batch/layout.h"
#include "observe/address_index.h"
#include "observe/touch.h"

namespace picket {

struct LightSource {
  Address target;
  uint32_t service;
  uint32_t traits;
  uint32_t first_us;
  uint32_t last_us;
  uint32_t tuple;
  uint32_t run_value;
  uint16_t kinds;
  uint16_t outcome;
  uint16_t packets;
  uint16_t signature;
  uint16_t source_port;
  uint8_t ttl;
  /// False once the source has moved to full state: its slot stays, its content is void.
  bool live;
};

class LightSources {
 public:
  explicit LightSources(uint32_t capacity)
      : index(capacity), knocks_(KNOCK_SLOTS) {}

  uint32_t find(const Touch& touch) const {
    return index.find(touch.source_hash, touch.tunnel_key, touch.source);
  }

  const LightSource& operator[](uint32_t light) const { return index[light]; }

  /// Whether the entry holds a source that has not moved to full state.
  bool is_live(uint32_t light) const { return index[light].live; }

  /// Adds a source known to be absent. NONE when there is no room.
  uint32_t add(const Touch& touch) {
    const uint32_t light = index.add(touch.source_hash, touch.tunnel_key, touch.source);
    if (light == NONE) return NONE;
    LightSource& source = index[light];
    source.target = touch.target;
    source.service = touch.service;
    source.traits = touch.traits;
    if (touch.raw_syn_ack) source.traits |= TRAIT_RAW_SYN_ACK;
    source.first_us = touch.offset_us;
    source.last_us = touch.offset_us;
    source.tuple = touch.tuple();
    source.run_value = touch.run_value;
    source.kinds = touch.kind;
    source.outcome = touch.outcome;
    source.packets = touch.is_probe ? 1 : 0;
    source.signature = touch.signature;
    source.source_port = touch.source_port;
    source.ttl = touch.ttl;
    source.live = true;
    return light;
  }

  /// Whether the entry's one contact is the touch's: the same service of the same target.
  bool is_same_contact(uint32_t light, const Touch& touch) const {
    const LightSource& source = index[light];
    return source.service == touch.service && source.target == touch.target;
  }

  /// Whether the touch says nothing that the entry's one contact cannot hold.
  bool fits(uint32_t light, const Touch& touch) const {
    if (!is_same_contact(light, touch)) return false;
    if (touch.raw_syn_ack || touch.reset_other_class) return false;
    const LightSource& source = index[light];
    return !touch.is_probe || (source.kinds == touch.kind && source.traits == touch.traits &&
                               source.signature == touch.signature);
  }

  /// Counts one more packet of the same thing, or an answer to it.
  void repeat(uint32_t light, const Touch& touch) {
    LightSource& source = index[light];
    source.outcome |= touch.outcome;
    if (touch.is_probe && source.packets < 0xffff) source.packets++;
    source.last_us = touch.offset_us;
  }

  /// Voids the entry, since its source now gets full state, and returns what it held: one touch
  /// that stands for all its packets. Its last packet was at `last_us`.
  Touch leave(uint32_t light) {
    LightSource& source = index[light];
    source.live = false;
    Touch touch;
    touch.tunnel_key = index.key(light);
    touch.source = index.address(light);
    touch.target = source.target;
    touch.hash_addresses();
    touch.service = source.service;
    touch.offset_us = source.first_us;
    touch.is_probe = source.packets > 0;
    touch.packets = source.packets;
    touch.kind = source.kinds;
    touch.may_create = true;
    touch.outcome = source.outcome;
    touch.traits = source.traits;
    touch.raw_syn_ack = (source.traits & TRAIT_RAW_SYN_ACK) != 0;
    touch.signature = source.signature;
    touch.ttl = source.ttl;
    touch.source_port = source.source_port;
    touch.probe = nullptr;
    touch.kept_tuple = source.tuple;
    touch.run_value = source.run_value;
    return touch;
  }

  /// Voids the entry, since a flooded target stands for its source.
  void fold(uint32_t light) { index[light].live = false; }

  /// For a source without room: true when it has knocked often enough to be given full state at
  /// once.
  bool knock(const Touch& touch) {
    const uint32_t tag = touch.source_hash;
    Knock& knock = knocks_[(tag >> 16) & (KNOCK_SLOTS - 1)];
    knocked_ = true;
    if (knock.tag == tag) {
      if (knock.count < 0xff) knock.count++;
      return knock.count >= KNOCKS_TO_ENTER;
    }
    if (knock.count == 0) {
      knock = {tag, 1};
    } else {
      knock.count--;
    }
    return false;
  }

  void clear() {
    index.clear();
    if (!knocked_) return;
    std::memset(&knocks_[0], 0, KNOCK_SLOTS * sizeof(Knock));
    knocked_ = false;
  }

  AddressIndex<LightSource> index;

 private:
  struct Knock {
    uint32_t tag;
    uint8_t count;
  };
  static constexpr uint32_t KNOCK_SLOTS = 65'536;
  /// Packets a refused source must send, beyond what its slot mates send, to be let in all the
  /// same.
  static constexpr uint8_t KNOCKS_TO_ENTER = 4;

  Table<Knock> knocks_;
  bool knocked_ = false;
};

}  // namespace picket
