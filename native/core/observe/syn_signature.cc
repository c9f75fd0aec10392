#include "observe/syn_signature.h"

#include <algorithm>
#include <cstring>

#include "decode/tcp.h"
#include "decode/walk.h"

namespace picket {

namespace {

/// Bits of `quirks`, in the order p0f prints them (README §5).
enum Quirk : uint32_t {
  QUIRK_DONT_FRAGMENT = 1 << 0,
  QUIRK_ID_WITH_DF = 1 << 1,
  QUIRK_ZERO_ID = 1 << 2,
  QUIRK_ECN = 1 << 3,
  QUIRK_RESERVED_BIT = 1 << 4,
  QUIRK_FLOW_LABEL = 1 << 5,
  QUIRK_ZERO_SEQ = 1 << 6,
  QUIRK_ACK_WITHOUT_FLAG = 1 << 7,
  QUIRK_ZERO_ACK = 1 << 8,
  QUIRK_URGENT_WITHOUT_FLAG = 1 << 9,
  QUIRK_URGENT = 1 << 10,
  QUIRK_PUSH = 1 << 11,
  QUIRK_ZERO_TIMESTAMP = 1 << 12,
  QUIRK_PEER_TIMESTAMP = 1 << 13,
  QUIRK_BYTES_AFTER_EOL = 1 << 14,
  QUIRK_LARGE_SCALE = 1 << 15,
  QUIRK_MALFORMED = 1 << 16,
};

constexpr uint32_t KINDS_AT = 15;
/// Options p0f reads before it gives up.
constexpr uint32_t OPTIONS_MAX = 24;
constexpr uint32_t TCP_HEADER_SIZE = 20;
/// Largest useful window scale, RFC 7323 §2.3.
constexpr uint8_t SCALE_MAX = 14;

constexpr uint8_t OPTION_END = 0;
constexpr uint8_t OPTION_NOP = 1;
constexpr uint8_t OPTION_MSS = 2;
constexpr uint8_t OPTION_SCALE = 3;
constexpr uint8_t OPTION_SACK = 5;
constexpr uint8_t OPTION_TIMESTAMPS = 8;
/// Sizes of the options whose size is fixed, by kind; 0 where it is not.
constexpr uint8_t FIXED_SIZE[] = {1, 1, 4, 3, 2, 0, 0, 0, 10};

uint32_t fixed_size(uint8_t kind) { return kind < sizeof(FIXED_SIZE) ? FIXED_SIZE[kind] : 0; }

uint32_t ip_quirks(const Packet& packet) {
  uint32_t quirks = (packet.tos & 3) != 0 ? QUIRK_ECN : 0u;
  if (packet.ip_version == 6) return packet.flow_label != 0 ? quirks | QUIRK_FLOW_LABEL : quirks;
  if (packet.ip_reserved_bit) quirks |= QUIRK_RESERVED_BIT;
  if (packet.dont_fragment) {
    return quirks | QUIRK_DONT_FRAGMENT | (packet.ip_id != 0 ? QUIRK_ID_WITH_DF : 0u);
  }
  return packet.ip_id == 0 ? quirks | QUIRK_ZERO_ID : quirks;
}

uint32_t tcp_quirks(const Packet& packet) {
  const uint32_t flags = packet.tcp_flags;
  uint32_t quirks = 0;
  if ((flags & (TCP_ECE | TCP_CWR | TCP_AE)) != 0) quirks |= QUIRK_ECN;
  if (packet.tcp_seq == 0) quirks |= QUIRK_ZERO_SEQ;
  if ((flags & TCP_ACK) != 0) quirks |= packet.tcp_ack == 0 ? QUIRK_ZERO_ACK : 0u;
  else if (packet.tcp_ack != 0) quirks |= QUIRK_ACK_WITHOUT_FLAG;
  if ((flags & TCP_URG) != 0) quirks |= QUIRK_URGENT;
  else if (packet.tcp_urgent != 0) quirks |= QUIRK_URGENT_WITHOUT_FLAG;
  if ((flags & TCP_PSH) != 0) quirks |= QUIRK_PUSH;
  return quirks;
}

/// Bytes to step over, or 0 when the option does not fit. Known kinds have the size they ought to
/// have, whatever their length field says.
uint32_t option_size(const uint8_t* bytes, uint32_t at, uint32_t end, uint8_t kind) {
  const uint32_t fixed = fixed_size(kind);
  if (fixed != 0) return at + fixed <= end ? fixed : 0;
  if (at + 1 >= end) return 0;
  const uint32_t size = bytes[at + 1];
  const uint32_t min = kind == OPTION_SACK ? 10 : 2;
  const uint32_t max = kind == OPTION_SACK ? 34 : 40;
  return size < min || size > max || at + size > end ? 0 : size;
}

uint32_t read_option(const Packet& packet, uint8_t* out, uint32_t at, uint8_t kind) {
  const uint8_t* bytes = packet.bytes;
  const uint32_t fixed = fixed_size(kind);
  uint32_t quirks = fixed != 0 && bytes[at + 1] != fixed ? QUIRK_MALFORMED : 0u;
  if (kind == OPTION_MSS) {
    out[3] = bytes[at + 2];
    out[4] = bytes[at + 3];
  } else if (kind == OPTION_SCALE) {
    out[7] = bytes[at + 2];
    if (out[7] > SCALE_MAX) quirks |= QUIRK_LARGE_SCALE;
  } else if (kind == OPTION_TIMESTAMPS) {
    if (u32(bytes, at + 2) == 0) quirks |= QUIRK_ZERO_TIMESTAMP;
    if ((packet.tcp_flags & TCP_ACK) == 0 && u32(bytes, at + 6) != 0) {
      quirks |= QUIRK_PEER_TIMESTAMP;
    }
  }
  return quirks;
}

/// Whether the snapshot cut the options. The fixed header is there, or this were no TCP packet.
bool is_clipped(const Packet& packet) {
  const uint32_t header_size = (packet.bytes[packet.transport_at + tcp_field::offset] >> 4) * 4u;
  return header_size - TCP_HEADER_SIZE > packet.tcp_options_size;
}

/// Writes kinds, MSS, scale and padding; returns the options' quirks. Options that do not fit end
/// the reading, as do those behind the snapshot, but their kind still counts.
uint32_t write_options(const Packet& packet, uint8_t* out) {
  const uint8_t* bytes = packet.bytes;
  uint32_t at = packet.tcp_options_at;
  const uint32_t end = at + packet.tcp_options_size;
  uint32_t quirks = is_clipped(packet) ? QUIRK_MALFORMED : 0u;
  uint32_t count = 0;
  while (at < end && count < OPTIONS_MAX) {
    const uint8_t kind = bytes[at];
    out[KINDS_AT + count++] = kind;
    if (kind == OPTION_END) {
      out[13] = static_cast<uint8_t>(end - at - 1);
      for (at++; at < end && bytes[at] == 0; at++) {
      }
      if (at < end) quirks |= QUIRK_BYTES_AFTER_EOL;
      at = end;
      break;
    }
    const uint32_t size = option_size(bytes, at, end, kind);
    if (size == 0) break;
    if (kind != OPTION_NOP) quirks |= read_option(packet, out, at, kind);
    at += size;
  }
  out[14] = static_cast<uint8_t>(count);
  return at < end ? quirks | QUIRK_MALFORMED : quirks;
}

}  // namespace

uint32_t write_syn_signature(const Packet& packet, uint8_t* out) {
  out[0] = packet.ip_version;
  out[1] = initial_ttl(packet.ttl);
  out[2] = static_cast<uint8_t>(std::min<uint32_t>(packet.ip_options_size, 0xff));
  out[3] = 0xff;
  out[4] = 0xff;
  out[5] = static_cast<uint8_t>(packet.tcp_window >> 8);
  out[6] = static_cast<uint8_t>(packet.tcp_window);
  out[7] = 0xff;
  out[8] = packet.payload_wire_size > 0 ? 1 : 0;
  out[13] = 0;
  out[14] = 0;
  const uint32_t quirks = ip_quirks(packet) | tcp_quirks(packet) | write_options(packet, out);
  out[9] = static_cast<uint8_t>(quirks >> 24);
  out[10] = static_cast<uint8_t>(quirks >> 16);
  out[11] = static_cast<uint8_t>(quirks >> 8);
  out[12] = static_cast<uint8_t>(quirks);
  return KINDS_AT + out[14];
}

void SynFacts::take(const Packet& packet) {
  is_taken_ = has_usual_numbers(packet);
  if (!is_taken_) return;
  ip_version_ = packet.ip_version;
  ttl_ = packet.ttl;
  tos_ = packet.tos;
  dont_fragment_ = packet.dont_fragment;
  ip_reserved_bit_ = packet.ip_reserved_bit;
  tcp_options_size_ = packet.tcp_options_size;
  ip_options_size_ = packet.ip_options_size;
  offset_to_window_ = offset_to_window(packet);
  std::memcpy(options_, packet.bytes + packet.tcp_options_at, packet.tcp_options_size);
}

bool SynFacts::match(const Packet& packet) const {
  if (!is_taken_ || !has_usual_numbers(packet)) return false;
  if (offset_to_window_ != offset_to_window(packet) || ttl_ != packet.ttl) return false;
  if (tos_ != packet.tos || dont_fragment_ != packet.dont_fragment) return false;
  if (ip_version_ != packet.ip_version || ip_reserved_bit_ != packet.ip_reserved_bit) return false;
  const uint32_t size = packet.tcp_options_size;
  if (ip_options_size_ != packet.ip_options_size || tcp_options_size_ != size) return false;
  const uint8_t* options = packet.bytes + packet.tcp_options_at;
  if (size == 4) return std::memcmp(options_, options, 4) == 0;
  return size == 0 || std::memcmp(options_, options, size) == 0;
}

}  // namespace picket
