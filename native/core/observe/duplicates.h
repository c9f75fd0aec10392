/// Removes the copies a span port makes: the same packet seen again within DUPLICATE_WINDOW_US,
/// even one hop further (TTL and header checksum are left out). A direct-mapped ring of what no
/// span port changes: addresses, ports and numbers as they are and not their hash, so that nobody
/// can make a probe that is taken for another one's copy. A real retransmission differs in its IP
/// id, or comes later.
/// Twin: packages/observer/src/observe/duplicates.ts.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "base/hash.h"
#include "base/table.h"
#include "decode/packet.h"
#include "observe/address_index.h"

namespace picket {

/// Copies of one packet arrive within microseconds; TCP's shortest retransmission is 200 ms away.
constexpr uint32_t DUPLICATE_WINDOW_US = 20'000;

class Duplicates {
 public:
  /// `slot_count` is rounded up to a power of two, two at least.
  explicit Duplicates(uint32_t slot_count)
      : index_bits_(static_cast<uint32_t>(std::bit_width(std::max(2u, slot_count) - 1))),
        tags_(size_t{1} << index_bits_),
        slots_(size_t{1} << index_bits_) {}

  /// True when this packet was seen a moment ago; remembers it otherwise.
  bool is_copy(const Packet& packet) {
    const bool is_v6 = packet.ip_version == 6;
    Slot seen;
    seen.source = is_v6 ? address_hash(HASH_SEED, packet.src) : packet.src.word[3];
    seen.target = is_v6 ? address_hash(HASH_SEED, packet.dst) : packet.dst.word[3];
    seen.ports = ports_of(packet);
    seen.ip = (packet.ip_id << 8) ^ packet.protocol ^ (uint32_t{packet.fragment} << 24);
    if (packet.transport == Transport::tcp) {
      seen.first = packet.tcp_seq;
      seen.second = packet.tcp_ack;
    } else {
      seen.first = (uint32_t{packet.icmp_type} << 24) | (uint32_t{packet.icmp_code} << 16) |
                   packet.icmp_id;
      seen.second = (uint32_t{packet.icmp_seq} << 16) ^ packet.sctp_tag ^ packet.sctp_chunk;
    }
    seen.rest = rest_of(packet);
    seen.time_us = static_cast<uint32_t>(packet.time_us);
    return is_copy(seen);
  }

  /// The same for a SYN with a `shape`; `rest` is that of any SYN with the same.
  bool is_copy_of_syn(const Packet& packet, uint32_t rest) {
    Slot seen;
    seen.source = packet.src.word[3];
    seen.target = packet.dst.word[3];
    seen.ports = ports_of(packet);
    seen.ip = (packet.ip_id << 8) ^ packet.protocol;
    seen.first = packet.tcp_seq;
    seen.second = 0;
    seen.rest = rest;
    seen.time_us = static_cast<uint32_t>(packet.time_us);
    return is_copy(seen);
  }

  /// Hash of what a slot does not hold as it is.
  static uint32_t rest_of(const Packet& packet) {
    const uint32_t third = packet.transport == Transport::tcp
                               ? (uint32_t{packet.tcp_flags} << 16) | packet.tcp_window
                               : payload_hash(packet);
    const uint32_t sizes = (packet.ip_size << 16) ^ packet.payload_wire_size;
    return third * 0x9e3779b1u + sizes * 0x85ebca77u + packet.tunnel_key;
  }

 private:
  /// What no span port changes of a packet. Half a cache line.
  struct Slot {
    uint32_t source;
    uint32_t target;
    uint32_t ports;
    uint32_t ip;
    uint32_t first;   ///< what else tells packets of the protocol apart,
    uint32_t second;  ///< as this
    uint32_t rest;    ///< a hash of all that is left
    uint32_t time_us; ///< the low half: it comes round after 71 minutes

    bool equals(const Slot& other) const {
      return first == other.first && target == other.target && source == other.source &&
             ports == other.ports && ip == other.ip && second == other.second &&
             rest == other.rest;
    }
  };

  [[gnu::always_inline]] bool is_copy(const Slot& seen) {
    const uint32_t hash = hash_of(seen);
    // The upper bits of a sum of products are the ones that all of it decides.
    const uint32_t at = hash >> (32 - index_bits_);
    Slot& slot = slots_[at];
    uint32_t& tag = tags_[at];
    // The slot is far from the processor; its tag is not, and tells all but copies apart.
    if (tag == hash && slot.equals(seen) && was_just_now(slot, seen)) return true;
    tag = hash;
    slot = seen;
    return false;
  }

  static uint32_t ports_of(const Packet& packet) {
    return (uint32_t{packet.src_port} << 16) | packet.dst_port;
  }

  /// Either may be the earlier one: a capture's time stamps need not be in order.
  static bool was_just_now(const Slot& slot, const Slot& seen) {
    return seen.time_us - slot.time_us + DUPLICATE_WINDOW_US <= 2 * DUPLICATE_WINDOW_US;
  }

  /// Payload bytes looked at where no sequence number tells packets apart: a DNS header and more.
  static constexpr uint32_t PAYLOAD_SIZE_MAX = 16;
  /// FNV's offset basis and prime.
  static constexpr uint32_t FNV_BASIS = 0x811c9dc5;
  static constexpr uint32_t FNV_PRIME = 0x01000193;

  /// Products that do not wait for each other. Packets that share a slot are all that a poor hash
  /// would cost.
  static uint32_t hash_of(const Slot& seen) {
    return seen.source * 0x9e3779b1u + seen.target * 0x85ebca77u + seen.ports * 0xc2b2ae3du +
           seen.ip * 0x27d4eb2fu + seen.first * 0x165667b1u + seen.second * 0xd3a2646du +
           seen.rest * 0xfd7046c5u;
  }

  static uint32_t payload_hash(const Packet& packet) {
    const uint32_t end = packet.payload_at + std::min(PAYLOAD_SIZE_MAX, packet.payload_size);
    uint32_t hash = FNV_BASIS;
    for (uint32_t at = packet.payload_at; at < end; at++) {
      hash = (hash ^ packet.bytes[at]) * FNV_PRIME;
    }
    return hash;
  }

  uint32_t index_bits_;
  /// The hash of what each slot holds.
  Table<uint32_t> tags_;
  Table<Slot> slots_;
};

}  // namespace picket
