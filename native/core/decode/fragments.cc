#include "decode/fragments.h"

#include <algorithm>
#include <bit>

#include "decode/fragment_need.h"

namespace picket {

namespace {

constexpr uint32_t WAYS = 8;
constexpr uint32_t SLOT_SIZE = limits::fragment_buffer_size;
/// Fragments begin at multiples of 8 bytes, so one bit per unit tells what is covered.
constexpr uint32_t UNIT_SIZE = 8;
constexpr uint32_t UNITS_MAX = SLOT_SIZE / UNIT_SIZE;
static_assert(UNITS_MAX == 32, "one bit per unit of a 32-bit word");
/// Largest datagram payload, RFC 791 §3.1.
constexpr uint64_t DATAGRAM_SIZE_MAX = 65'535;
constexpr int64_t UNKNOWN = -1;

/// Goes on in the frame: the first fragment of several, hence partial.
void enter_frame(Walk& walk, Packet& packet) {
  walk.partial = true;
  set_other(walk, packet, packet.protocol);
}

/// Units that `size` bytes from `offset` cover, as bits, as far as the buffer reaches. A last unit
/// that is not full counts only when the fragment is there to its end (`whole`).
uint32_t unit_mask(uint32_t offset, uint32_t size, bool whole) {
  const uint32_t first = offset / UNIT_SIZE;
  const uint32_t behind = (offset + size + (whole ? UNIT_SIZE - 1 : 0)) / UNIT_SIZE;
  const uint32_t end = std::min(behind, UNITS_MAX);
  if (first >= end) return 0;
  const uint32_t width = end - first;
  return width == 32 ? 0xffffffffu : ((1u << width) - 1) << first;
}

uint32_t last_unit(uint32_t mask) { return std::bit_floor(mask); }

bool holds_header(const Walk& walk, const Packet& packet, uint32_t wire_size) {
  return wire_size >= header_need(walk.bytes, walk.at, walk.end, walk.at + wire_size,
                                  packet.protocol, packet.ip_version);
}

void conflict(Packet& packet) {
  packet.fragment |= FRAGMENT_CONFLICT;
  note(packet, Anomaly::fragment_conflict);
}

/// Captures are not always in order, so time that ran back as far expires a datagram too.
bool is_expired(int64_t first_us, int64_t time_us) {
  const int64_t age = time_us - first_us;
  return age > limits::fragment_timeout_us || age < -limits::fragment_timeout_us;
}

}  // namespace

Fragments::Fragments(uint32_t fragments_max)
    : bucket_mask_(std::bit_floor(std::max(1u, fragments_max / WAYS)) - 1),
      slots_((size_t{bucket_mask_} + 1) * WAYS),
      buffer_((size_t{bucket_mask_} + 1) * WAYS * SLOT_SIZE) {}

bool Fragments::accept(Walk& walk, Packet& packet, uint32_t offset, bool more) {
  packet.fragment = FRAGMENT_PRESENT;
  packet.transport = Transport::none;
  const uint32_t wire_size = walk.wire_end - walk.at;
  if (uint64_t{offset} + wire_size > DATAGRAM_SIZE_MAX) {
    note(packet, Anomaly::fragment_too_far);
    return false;
  }
  const bool direct = offset == 0 && holds_header(walk, packet, wire_size);
  if (offset == 0 && !direct) {
    packet.fragment |= FRAGMENT_TINY;
    note(packet, Anomaly::fragment_tiny);
  }
  if (more && wire_size % UNIT_SIZE != 0) {
    // Hosts discard it (RFC 8200 §4.5), so it is kept out of the buffer; a whole header is
    // evidence.
    note(packet, Anomaly::fragment_length);
    if (direct) enter_frame(walk, packet);
    return direct;
  }
  const uint32_t index = slot_of(packet);
  Slot& slot = slots_[index];
  const bool duplicate = is_duplicate(index, walk, offset);
  if (offset == 0 && !duplicate && is_complete(slot)) open(slot, packet.time_us);
  if (!duplicate) store(index, walk, packet, offset, more);
  if (slot.state == State::decoded) {
    packet.fragment |= FRAGMENT_CONTINUATION;
    return false;
  }
  if (offset == 0) slot.protocol = packet.protocol;
  slot.bits |= packet.fragment;
  if (direct) {
    slot.state = State::decoded;
    packet.fragment = slot.bits;
    enter_frame(walk, packet);
    return true;
  }
  return enter_buffer(index, walk, packet);
}

/// Goes on in the buffer once the header is whole, or once there is nothing more to wait for.
bool Fragments::enter_buffer(uint32_t index, Walk& walk, Packet& packet) {
  Slot& slot = slots_[index];
  uint32_t size = static_cast<uint32_t>(std::countr_one(slot.covered)) * UNIT_SIZE;
  const bool whole = slot.total != UNKNOWN && size >= slot.total;
  if (whole) size = static_cast<uint32_t>(slot.total);
  if (size == 0) return false;
  const uint32_t base = index * SLOT_SIZE;
  const uint32_t end = base + size;
  const uint32_t need =
      header_need(&buffer_[0], base, end, end, slot.protocol, packet.ip_version);
  if (size < need && !whole) return false;
  slot.state = State::decoded;
  packet.fragment |= slot.bits | FRAGMENT_REASSEMBLED;
  walk.bytes = &buffer_[0];
  walk.at = base;
  walk.end = end;
  walk.wire_end = end;
  walk.partial = !whole;
  packet.bytes = &buffer_[0];
  set_other(walk, packet, slot.protocol);
  return true;
}

/// Every byte of the datagram came by: what follows with this key is another datagram.
bool Fragments::is_complete(const Slot& slot) const {
  return slot.state == State::decoded && slot.total != UNKNOWN && slot.received >= slot.total;
}

/// The same bytes at the same place once more: a copy made by the span port or a retransmission,
/// which RFC 8200 §4.5 lets pass, unlike an overlap.
bool Fragments::is_duplicate(uint32_t index, const Walk& walk, uint32_t offset) const {
  const Slot& slot = slots_[index];
  const uint32_t mask = unit_mask(offset, walk.end - walk.at, walk.end == walk.wire_end);
  if (mask == 0 || (slot.covered & mask) != mask) return false;
  if ((slot.starts & mask) != 1u << (offset / UNIT_SIZE)) return false;
  if ((slot.ends & mask) != last_unit(mask)) return false;
  return agrees(index, walk, offset, mask);
}

/// Whether the fragment's bytes equal the buffer's in the units of `mask`.
bool Fragments::agrees(uint32_t index, const Walk& walk, uint32_t offset, uint32_t mask) const {
  const uint32_t base = index * SLOT_SIZE;
  const int64_t total = slots_[index].total;
  uint32_t end = std::min(offset + walk.end - walk.at, SLOT_SIZE);
  if (total != UNKNOWN && total < end) end = static_cast<uint32_t>(total);
  for (uint32_t at = offset; at < end; at++) {
    if ((mask & (1u << (at / UNIT_SIZE))) == 0) continue;
    if (buffer_[base + at] != walk.bytes[walk.at + at - offset]) return false;
  }
  return true;
}

void Fragments::store(uint32_t index, const Walk& walk, Packet& packet, uint32_t offset,
                      bool more) {
  Slot& slot = slots_[index];
  const uint32_t wire_size = walk.wire_end - walk.at;
  const uint32_t size = walk.end - walk.at;
  const uint32_t mask = unit_mask(offset, size, size == wire_size);
  const uint32_t twice = mask & slot.covered;
  if (twice != 0) {
    packet.fragment |= FRAGMENT_OVERLAP;
    note(packet, Anomaly::fragment_overlap);
    if (!agrees(index, walk, offset, twice)) conflict(packet);
  }
  if (!more) {
    const int64_t total = int64_t{offset} + wire_size;
    if (slot.total == UNKNOWN) slot.total = total;
    else if (slot.total != total) conflict(packet);
  }
  slot.received += wire_size;
  if (mask == 0) return;
  copy(index, walk, offset, mask & ~twice);
  slot.covered |= mask;
  slot.starts |= 1u << (offset / UNIT_SIZE);
  slot.ends |= last_unit(mask);
}

/// What came first stays, as most hosts do it; the fingerprint is then the first sender's.
void Fragments::copy(uint32_t index, const Walk& walk, uint32_t offset, uint32_t mask) {
  const uint32_t base = index * SLOT_SIZE;
  const uint32_t end = std::min(offset + walk.end - walk.at, SLOT_SIZE);
  for (uint32_t at = offset; at < end; at++) {
    if ((mask & (1u << (at / UNIT_SIZE))) == 0) continue;
    buffer_[base + at] = walk.bytes[walk.at + at - offset];
  }
}

/// Finds the packet's datagram, or opens one.
uint32_t Fragments::slot_of(Packet& packet) {
  const Address& src = packet.src;
  const Address& dst = packet.dst;
  const Key key = {packet.tunnel_key, src.word[0], src.word[1], src.word[2], src.word[3],
                   dst.word[0], dst.word[1], dst.word[2], dst.word[3], packet.ip_id,
                   packet.ip_version == 4 ? packet.protocol : 0x600u};
  uint32_t hash = HASH_SEED;
  for (const uint32_t word : key) hash = mix(hash, word);
  const uint32_t first = (finish(hash) & bucket_mask_) * WAYS;
  for (uint32_t index = first; index < first + WAYS; index++) {
    Slot& slot = slots_[index];
    if (slot.state == State::free || slot.key != key) continue;
    if (is_expired(slot.first_us, packet.time_us)) open(slot, packet.time_us);
    return index;
  }
  const uint32_t index = victim(first, packet.time_us);
  Slot& slot = slots_[index];
  if (slot.state == State::waiting && !is_expired(slot.first_us, packet.time_us)) {
    note(packet, Anomaly::fragment_table_full);
  }
  slot.key = key;
  open(slot, packet.time_us);
  return index;
}

uint32_t Fragments::victim(uint32_t first, int64_t time_us) const {
  constexpr uint32_t NONE = 0xffffffff;
  uint32_t decoded = NONE;
  uint32_t waiting = first;
  for (uint32_t index = first; index < first + WAYS; index++) {
    const Slot& slot = slots_[index];
    if (slot.state == State::free || is_expired(slot.first_us, time_us)) return index;
    if (slot.state == State::decoded) {
      if (decoded == NONE || slot.first_us < slots_[decoded].first_us) decoded = index;
    }
    if (slot.first_us < slots_[waiting].first_us) waiting = index;
  }
  return decoded != NONE ? decoded : waiting;
}

void Fragments::open(Slot& slot, int64_t time_us) {
  slot.state = State::waiting;
  slot.bits = 0;
  slot.protocol = 0;
  slot.covered = 0;
  slot.starts = 0;
  slot.ends = 0;
  slot.total = UNKNOWN;
  slot.received = 0;
  slot.first_us = time_us;
}

}  // namespace picket
