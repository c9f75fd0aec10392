/// Removes the copies a span port makes: the same packet seen again within DUPLICATE_WINDOW_US,
/// even one hop further (TTL and header checksum are left out). A direct-mapped ring of 64-bit
/// hashes over the invariant fields; a real retransmission differs in its IP id, or comes later.
/// Twin: packages/observer/src/observe/duplicates.ts.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "base/hash.h"
#include "base/table.h"
#include "decode/packet.h"

namespace picket {

/// Copies of one packet arrive within microseconds; TCP's shortest retransmission is 200 ms away.
constexpr int64_t DUPLICATE_WINDOW_US = 20'000;

class Duplicates {
 public:
  /// `slot_count` is rounded up to a power of two.
  explicit Duplicates(uint32_t slot_count)
      : mask_(std::bit_ceil(std::max(1u, slot_count)) - 1), slots_(mask_ + 1) {
    for (uint32_t slot = 0; slot <= mask_; slot++) slots_[slot].time_us = LONG_AGO_US;
  }

  /// True when this packet was seen a moment ago; remembers it otherwise.
  bool is_copy(const Packet& packet) {
    const uint32_t ip = (packet.ip_id << 8) ^ packet.protocol ^ (uint32_t{packet.fragment} << 24);
    const uint32_t ports = (uint32_t{packet.src_port} << 16) | packet.dst_port;
    const uint32_t sizes = (packet.ip_size << 16) ^ packet.payload_wire_size;
    uint32_t a, b, c;
    if (packet.transport == Transport::tcp) {
      a = packet.tcp_seq;
      b = packet.tcp_ack;
      c = (uint32_t{packet.tcp_flags} << 16) | packet.tcp_window;
    } else {
      a = (uint32_t{packet.icmp_type} << 24) | (uint32_t{packet.icmp_code} << 16) | packet.icmp_id;
      b = (uint32_t{packet.icmp_seq} << 16) ^ packet.sctp_tag ^ packet.sctp_chunk;
      c = payload_hash(packet);
    }
    const uint32_t addresses = addresses_hash(packet);
    const uint32_t header = mix(mix(mix(addresses, ip), ports), sizes);
    const uint32_t one = finish(mix(mix(mix(header, a), b), c));
    const uint32_t rest =
        fold(fold(fold(FNV_BASIS, addresses), packet.src.word[3]), packet.dst.word[3]);
    const uint32_t two = fold(fold(fold(fold(fold(fold(rest, ip), ports), sizes), a), b), c);
    Slot& slot = slots_[one & mask_];
    const int64_t age = packet.time_us - slot.time_us;
    if (slot.first == one && slot.second == two && age <= DUPLICATE_WINDOW_US &&
        age >= -DUPLICATE_WINDOW_US) {
      return true;
    }
    slot = {one, two, packet.time_us};
    return false;
  }

 private:
  struct Slot {
    uint32_t first;
    uint32_t second;
    int64_t time_us;
  };

  /// Payload bytes looked at where no sequence number tells packets apart: a DNS header and more.
  static constexpr uint32_t PAYLOAD_SIZE_MAX = 16;
  /// FNV's offset basis and prime, for the second half of the key: any other hash would do.
  static constexpr uint32_t FNV_BASIS = 0x811c9dc5;
  static constexpr uint32_t FNV_PRIME = 0x01000193;
  static constexpr int64_t LONG_AGO_US = -1'000'000'000'000'000;

  static uint32_t addresses_hash(const Packet& packet) {
    const uint32_t* s = packet.src.word;
    const uint32_t* d = packet.dst.word;
    uint32_t hash = mix(HASH_SEED, packet.tunnel_key);
    if (packet.ip_version == 6) {
      hash = mix(mix(mix(hash, s[0]), s[1]), s[2]);
      hash = mix(mix(mix(hash, d[0]), d[1]), d[2]);
    }
    return mix(mix(hash, s[3]), d[3]);
  }

  static uint32_t payload_hash(const Packet& packet) {
    const uint32_t end = packet.payload_at + std::min(PAYLOAD_SIZE_MAX, packet.payload_size);
    uint32_t hash = FNV_BASIS;
    for (uint32_t at = packet.payload_at; at < end; at++) hash = fold(hash, packet.bytes[at]);
    return hash;
  }

  static uint32_t fold(uint32_t hash, uint32_t word) { return (hash ^ word) * FNV_PRIME; }

  uint32_t mask_;
  Table<Slot> slots_;
};

}  // namespace picket
