/// Conversations, so that an answer is told from a probe and bulk traffic costs one look-up. A
/// fixed 4-way set-associative table; the oldest way of a full set makes room and is counted. The
/// key is symmetric: both directions find the same entry. Twin:
/// packages/observer/src/observe/flows.ts.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "base/hash.h"
#include "base/table.h"
#include "decode/packet.h"

namespace picket {

/// What is known of a conversation. A bit set; 0 is an empty slot.
enum FlowState : uint16_t {
  FLOW_INBOUND = 0x01,         ///< someone else probed a protected host, which answered
  FLOW_OUTBOUND = 0x02,        ///< a protected host spoke first: what comes back was asked for
  FLOW_MIDSTREAM = 0x04,       ///< its beginning was not seen: who probed whom is unknown
  /// Bare ACK or FIN-ACK without a connection, not yet answered: a probe only if it is reset.
  FLOW_ORPHAN = 0x08,
  FLOW_SYN_ACK = 0x10,
  FLOW_ESTABLISHED = 0x20,
  FLOW_INITIATOR_DATA = 0x40,
  FLOW_RESPONDER_DATA = 0x80,
  FLOW_INITIATOR_LOW = 0x100,  ///< the initiator's endpoint hash is the smaller one
  FLOW_SEGMENT = 0x200,        ///< a three-bit count of the initiator's first data segments ...
  FLOW_LAST_SEGMENT = 0x800,   ///< ... and its highest value
};

struct Flow {
  uint32_t one;  ///< the key, 64 bits of it
  uint32_t two;
  int64_t last_us;
  /// The responder's initial sequence number plus one: what an acknowledgement must carry.
  uint32_t responder_next;
  uint16_t state;  ///< FlowState bits
  /// TTL of the probe that opened it, 0 unknown: a reset from another stack differs.
  uint8_t probe_ttl;
  /// When the initiator proved its path, see `half_seconds`.
  uint8_t established_at;
};

/// Packet time in half seconds, modulo 256.
inline uint8_t half_seconds(int64_t time_us) { return static_cast<uint8_t>(time_us / 500'000); }

class Flows {
 public:
  explicit Flows(uint32_t capacity)
      : set_mask_(std::bit_ceil(std::max(1u, capacity / WAYS + (capacity % WAYS != 0))) - 1),
        entry_of_((size_t{set_mask_} + 1) * WAYS),
        flows_((size_t{set_mask_} + 1) * WAYS) {}

  /// Sets the key for the calls that follow: two endpoints, protocol number and tunnel.
  void seek(const Address& source_address, uint16_t source_port, const Address& target_address,
            uint16_t target_port, uint8_t protocol, uint32_t tunnel_key) {
    const uint32_t source = endpoint_hash(source_address, source_port);
    const uint32_t target = endpoint_hash(target_address, target_port);
    source_low = source < target;
    one_ = finish(mix(mix(mix(HASH_SEED, source + target), tunnel_key), protocol));
    // With their sum, which the other half is made of, it tells the two apart from any other.
    two_ = source ^ target;
    timeout_us_ = protocol == 6 ? TCP_TIMEOUT_US : OTHER_TIMEOUT_US;
  }

  /// Starts to load what `find` will look at first, ...
  void prefetch() { __builtin_prefetch(set_of(one_)); }
  /// ... and, some time later, what that leads to.
  void prefetch_entry() {
    const uint32_t entry = *set_of(one_);
    __builtin_prefetch(&flows_[entry == 0 ? 0 : entry - 1]);
  }

  /// The entry for the key, or null. Refreshes its time.
  Flow* find(int64_t now_us) {
    const uint32_t* set = set_of(one_);
    for (uint32_t way = 0; way < WAYS; way++) {
      // Ways are filled in order, and an entry stays.
      if (set[way] == 0) return nullptr;
      Flow& flow = flows_[set[way] - 1];
      if (flow.one != one_ || flow.two != two_ || flow.state == 0) continue;
      if (now_us - flow.last_us > timeout_us_) {
        flow.state = 0;
        return nullptr;
      }
      flow.last_us = now_us;
      return &flow;
    }
    return nullptr;
  }

  /// A fresh entry for the key, in place of the one it has, an empty way, or the oldest.
  Flow* put(int64_t now_us, uint16_t state) {
    uint32_t* set = set_of(one_);
    Flow* chosen = nullptr;
    Flow* empty = nullptr;
    Flow* oldest = nullptr;
    for (uint32_t way = 0; way < WAYS; way++) {
      if (set[way] == 0) {
        if (empty == nullptr) {
          set[way] = ++used_;
          empty = &flows_[used_ - 1];
        }
        break;
      }
      Flow* flow = &flows_[set[way] - 1];
      if (flow->state == 0) {
        if (empty == nullptr) empty = flow;
      } else if (flow->one == one_ && flow->two == two_) {
        chosen = flow;
        break;
      }
      if (oldest == nullptr || flow->last_us < oldest->last_us) oldest = flow;
    }
    if (chosen == nullptr) {
      chosen = empty != nullptr ? empty : oldest;
      if (empty == nullptr) evicted++;
    }
    *chosen = {one_, two_, now_us, 0, state, 0, 0};
    return chosen;
  }

  /// After `seek`: the packet's source endpoint has the smaller hash.
  bool source_low = false;
  /// Live entries overwritten, cumulative.
  uint64_t evicted = 0;

 private:
  static constexpr uint32_t WAYS = 4;
  /// Silence after which an entry is dead, packet time: TCP as Linux conntrack's long tail, others
  /// short.
  static constexpr int64_t TCP_TIMEOUT_US = 3'600'000'000;
  static constexpr int64_t OTHER_TIMEOUT_US = 120'000'000;

  static uint32_t endpoint_hash(const Address& address, uint16_t port) {
    const uint32_t* w = address.word;
    uint32_t hash = HASH_SEED;
    if (!address.is_v4()) hash = mix(mix(mix(hash, w[0]), w[1]), w[2]);
    return finish(mix(mix(hash, w[3]), port));
  }

  uint32_t* set_of(uint32_t hash) { return &entry_of_[size_t{hash & set_mask_} * WAYS]; }

  uint32_t set_mask_;
  /// The entry behind each way of each set, plus one; 0 is none. Entries are given out one after
  /// the other and stay with their way, so that a link with few conversations touches few pages.
  Table<uint32_t> entry_of_;
  Table<Flow> flows_;
  uint32_t used_ = 0;
  uint32_t one_ = 0;
  uint32_t two_ = 0;
  int64_t timeout_us_ = 0;
};

}  // namespace picket
