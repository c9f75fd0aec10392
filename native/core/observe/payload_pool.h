/// What payloads of the epoch's sources told: known ones by (what, target, service), and a few
/// samples. Two bounded pools; each source's records are chained in the order they came. Twin:
/// packages/observer/src/observe/payload-pool.ts.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "base/table.h"
#include "batch/layout.h"
#include "observe/address_index.h"

namespace picket {

/// A source's part of the pool.
struct PayloadLists {
  uint32_t first_hit;
  uint32_t last_hit;
  uint32_t first_sample;
  uint32_t last_sample;
  uint8_t hit_count;
  uint8_t hello_count;  ///< of the hits, those that are TLS hellos
  uint8_t sample_count;

  void reset() { *this = {NONE, NONE, NONE, NONE, 0, 0, 0}; }

  /// Whether the source said something that a signature knows.
  bool is_known() const { return hit_count > hello_count; }
};

struct PayloadHit {
  uint32_t code;  ///< a signature's id, or a hello's shape with its top bit set
  uint32_t member;
  uint32_t service;
  uint32_t next;
  uint16_t count;
  uint8_t flags;
};

struct PayloadSample {
  uint32_t hash;  ///< tells samples of one source apart
  uint32_t member;
  uint32_t next;
  uint16_t port;
  uint16_t size;
  uint8_t bytes[SAMPLE_SIZE_MAX];
};

class PayloadPool {
 public:
  PayloadPool() : hits_(HITS_MAX), samples_(SAMPLES_MAX) {}

  void add_hit(PayloadLists& lists, uint32_t code, uint32_t member, uint32_t service,
               uint8_t flags) {
    for (uint32_t h = lists.first_hit; h != NONE; h = hits_[h].next) {
      PayloadHit& hit = hits_[h];
      if (hit.code != code || hit.member != member || hit.service != service) continue;
      if (hit.count < UINT16_MAX) hit.count++;
      hit.flags |= flags;
      return;
    }
    if (!has_room_for_hit(lists, code)) {
      hits_refused++;
      return;
    }
    const uint32_t number = hits_used_++;
    hits_[number] = {code, member, service, NONE, 1, flags};
    if (lists.first_hit == NONE) {
      lists.first_hit = number;
    } else {
      hits_[lists.last_hit].next = number;
    }
    lists.last_hit = number;
    lists.hit_count++;
    if (is_hello(code)) lists.hello_count++;
  }

  /// Keeps the first bytes of a payload, unless the source has one with this hash.
  void add_sample(PayloadLists& lists, uint32_t hash, uint32_t member, uint16_t port,
                  const uint8_t* payload, uint32_t size) {
    for (uint32_t s = lists.first_sample; s != NONE; s = samples_[s].next) {
      if (samples_[s].hash == hash) return;
    }
    if (lists.sample_count >= SAMPLES_PER_SOURCE_MAX || samples_used_ >= SAMPLES_MAX) {
      samples_refused++;
      return;
    }
    const uint32_t number = samples_used_++;
    PayloadSample& sample = samples_[number];
    sample.hash = hash;
    sample.member = member;
    sample.next = NONE;
    sample.port = port;
    sample.size = static_cast<uint16_t>(std::min(size, SAMPLE_SIZE_MAX));
    std::memcpy(sample.bytes, payload, sample.size);
    if (lists.first_sample == NONE) {
      lists.first_sample = number;
    } else {
      samples_[lists.last_sample].next = number;
    }
    lists.last_sample = number;
    lists.sample_count++;
  }

  const PayloadHit& hit(uint32_t number) const { return hits_[number]; }
  const PayloadSample& sample(uint32_t number) const { return samples_[number]; }

  void clear() {
    hits_used_ = 0;
    samples_used_ = 0;
  }

  /// Hits and samples that found no room, cumulative.
  uint64_t hits_refused = 0;
  uint64_t samples_refused = 0;

 private:
  static constexpr uint32_t HITS_MAX = 16'384;
  static constexpr uint32_t SAMPLES_MAX = 256;
  /// TLS hellos must leave room for payloads that say more.
  static constexpr uint32_t HELLOS_PER_SOURCE_MAX = HITS_PER_SOURCE_MAX / 2;

  static bool is_hello(uint32_t code) { return code >> 31 != 0; }
  bool has_room_for_hit(const PayloadLists& lists, uint32_t code) const {
    if (hits_used_ >= HITS_MAX || lists.hit_count >= HITS_PER_SOURCE_MAX) return false;
    return !is_hello(code) || lists.hello_count < HELLOS_PER_SOURCE_MAX;
  }

  Table<PayloadHit> hits_;
  Table<PayloadSample> samples_;
  uint32_t hits_used_ = 0;
  uint32_t samples_used_ = 0;
};

}  // namespace picket
