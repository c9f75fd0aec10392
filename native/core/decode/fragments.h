/// Fragments of both families, kept only until the transport header is there: detection needs to
/// read the probe, not the payload. A datagram gives exactly one packet with transport facts; its
/// other fragments have none. Twin: packages/observer/src/decode/fragments.ts, same geometry and
/// replacement.
///
/// The table has buckets of `WAYS` slots, chosen by the hash of (tunnel key, addresses,
/// identification, and for IPv4 the protocol: RFC 791 §2.3, RFC 8200 §4.5). A full bucket gives up,
/// in this order, an expired datagram, the oldest decoded one, the oldest unfinished one (counted).
#pragma once

#include <array>

#include "base/table.h"
#include "decode/walk.h"

namespace picket {

class Fragments {
 public:
  explicit Fragments(uint32_t fragments_max);

  /// Takes the fragment whose bytes are the rest of the walk. `offset` in bytes, a multiple of 8.
  /// True when decoding goes on: with the frame itself when this first fragment holds the whole
  /// transport header, or with the buffer (`walk` then points into it) when this fragment completed
  /// it. False leaves the packet without transport facts.
  bool accept(Walk& walk, Packet& packet, uint32_t offset, bool more);

 private:
  static constexpr uint32_t KEY_WORDS = 11;
  using Key = std::array<uint32_t, KEY_WORDS>;

  enum class State : uint8_t { free, waiting, decoded };

  struct Slot {
    Key key;
    State state;
    uint8_t bits;       ///< Fragment bits gathered so far
    uint8_t protocol;   ///< as the first fragment announced it
    uint32_t covered;   ///< units covered, one bit each
    uint32_t starts;    ///< units at which a fragment begins
    uint32_t ends;      ///< units with which one ends
    int64_t total;      ///< datagram payload bytes, known from the last fragment; UNKNOWN before
    uint32_t received;  ///< payload bytes seen so far
    int64_t first_us;
  };

  bool is_complete(const Slot& slot) const;
  bool is_duplicate(uint32_t slot, const Walk& walk, uint32_t offset) const;
  bool agrees(uint32_t slot, const Walk& walk, uint32_t offset, uint32_t mask) const;
  bool enter_buffer(uint32_t slot, Walk& walk, Packet& packet);
  void store(uint32_t slot, const Walk& walk, Packet& packet, uint32_t offset, bool more);
  void copy(uint32_t slot, const Walk& walk, uint32_t offset, uint32_t mask);
  uint32_t slot_of(Packet& packet);
  uint32_t victim(uint32_t first, int64_t time_us) const;
  static void open(Slot& slot, int64_t time_us);

  uint32_t bucket_mask_;
  Table<Slot> slots_;
  Table<uint8_t> buffer_;  // [slots, limits::fragment_buffer_size]
};

}  // namespace picket
