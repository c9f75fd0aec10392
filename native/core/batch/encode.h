/// One shard's observations of one epoch as one msgpack batch. The layout is defined in `layout.h`;
/// twin: packages/observer/src/batch/encode.ts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "batch/layout.h"
#include "batch/msgpack.h"
#include "observe/observer.h"

namespace picket {

/// SYNs a target must get in an epoch to be worth a line: fewer make no flood.
constexpr uint32_t TARGET_SYNS_MIN = 64;

/// What all batches of an epoch share.
struct EpochFrame {
  std::string sensor;
  int64_t epoch_start_us = 0;
  int64_t epoch_us = 0;
  uint64_t coverage[COVERAGE_FIELD_COUNT] = {};
};

/// The shard of an entity, by the finished hash of its tunnel key and address.
inline uint32_t shard_of(uint32_t hash, uint32_t shard_count) { return hash % shard_count; }

class BatchEncoder {
 public:
  BatchEncoder(const Observer& observer, const ObserverTables& tables, uint32_t shard_count);

  /// Sorts the epoch's entities by shard; `final` then writes each shard's.
  void gather();
  /// The final batch of a shard, of what was gathered.
  std::vector<uint8_t> final(const EpochFrame& frame, uint32_t shard, uint64_t sequence);
  /// A partial batch with one source alone.
  std::vector<uint8_t> partial(const EpochFrame& frame, uint32_t shard, uint64_t sequence,
                               uint32_t source);

  /// Singles left out since the shard's share was full, cumulative.
  uint64_t singles_dropped = 0;

 private:
  /// What one shard's batch lists, as entry numbers.
  struct ShardLists {
    std::vector<uint32_t> sources;
    std::vector<uint32_t> singles;
    std::vector<uint32_t> targets;
    std::vector<uint32_t> hosts;
    void clear();
  };

  /// Of the entity with this `keyed_hash`.
  ShardLists& lists_of(uint32_t hash) { return shards_[shard_of(hash, shard_count_)]; }
  std::vector<uint8_t> write(const EpochFrame& frame, BatchKind kind, uint32_t shard,
                             uint64_t sequence, const ShardLists& lists);
  void list_signatures(const ShardLists& lists);
  void list(uint16_t signature);
  void write_source(uint32_t number);
  void write_deep(const Source& source);
  void write_signatures(const Source& source);
  void write_contacts(const Source& source);
  void write_hits(const Source& source);
  void write_samples(const Source& source);
  void write_finds(const Source& source);
  void write_singles(const std::vector<uint32_t>& singles);
  void write_target(uint32_t number);
  void write_host(uint32_t number);
  static void put_member(uint8_t* out, const Address& address, bool v4);
  void write_members(const AddressSets& sets, uint32_t first, uint32_t count, bool v4);
  void write_address(const Address& address);
  void write_counters(const uint32_t* counters, uint32_t count);
  void write_sketch(int32_t sketch);
  void write_ports(int32_t set);
  void write_page(const uint8_t* page);

  const Observer& observer_;
  const uint32_t shard_count_;
  /// Singles a shard lists at most.
  const uint32_t share_;
  MsgpackWriter writer_;
  /// Signature number to its place in this batch's list, and the list.
  std::vector<uint32_t> place_;
  std::vector<uint16_t> listed_;
  /// One per shard, filled by `gather`; and the one of a partial batch.
  std::vector<ShardLists> shards_;
  ShardLists alone_;
};

}  // namespace picket
