#include "decode/icmp.h"

#include "decode/checksum.h"
#include "decode/icmp_quote.h"
#include "decode/ip.h"

namespace picket {

namespace {

/// Type u8, code u8, checksum u16, then four bytes by type: id and sequence number of echo and
/// alike.
constexpr uint32_t HEADER_SIZE = 8;
constexpr uint32_t CHECKSUM_AT = 2;
constexpr uint32_t ID_AT = 4;
constexpr uint32_t SEQ_AT = 6;

bool read_header(const Walk& walk, Packet& packet, Transport transport) {
  const uint32_t at = walk.at;
  if (walk.end - at < HEADER_SIZE) {
    note(packet, Anomaly::icmp_truncated);
    return false;
  }
  packet.transport = transport;
  packet.icmp_type = walk.bytes[at];
  packet.icmp_code = walk.bytes[at + 1];
  set_payload(walk, packet, at + HEADER_SIZE);
  return true;
}

/// `walk.at` is behind the header.
void read_ids(const Walk& walk, Packet& packet) {
  packet.icmp_id = static_cast<uint16_t>(u16(walk.bytes, walk.at - HEADER_SIZE + ID_AT));
  packet.icmp_seq = static_cast<uint16_t>(u16(walk.bytes, walk.at - HEADER_SIZE + SEQ_AT));
}

Checksum verdict(const Walk& walk, Packet& packet, uint32_t pseudo, uint32_t offload) {
  if (walk.partial || walk.end != walk.wire_end) return Checksum::unverified;
  const uint32_t covered = fold(pseudo + sum16(walk.bytes, walk.at, walk.end));
  const Checksum result = judge16(u16(walk.bytes, walk.at + CHECKSUM_AT), covered, offload);
  if (result > Checksum::offload) note(packet, Anomaly::icmp_checksum);
  return result;
}

/// Unreachable, source quench, redirect, time exceeded, parameter problem: RFC 792.
bool is_error4(uint8_t type) { return (type >= 3 && type <= 5) || type == 11 || type == 12; }

/// Echo 0 and 8, timestamp 13 and 14, information 15 and 16 (RFC 792), mask 17 and 18 (RFC 950).
bool is_echo_like4(uint8_t type) { return type == 0 || type == 8 || (type >= 13 && type <= 18); }

}  // namespace

Layer decode_icmp(Walk& walk, Packet& packet) {
  if (!read_header(walk, packet, Transport::icmp)) return Layer::stop;
  packet.transport_checksum = verdict(walk, packet, 0, NO_PSEUDO);
  walk.at += HEADER_SIZE;
  if (is_error4(packet.icmp_type)) decode_quote(walk, packet);
  else if (is_echo_like4(packet.icmp_type)) read_ids(walk, packet);
  return Layer::stop;
}

Layer decode_icmp6(Walk& walk, Packet& packet) {
  if (!read_header(walk, packet, Transport::icmp6)) return Layer::stop;
  if (!walk.rerouted) {
    const uint32_t pseudo = pseudo_sum(packet, ip_protocol::icmp6, walk.wire_end - walk.at);
    packet.transport_checksum = verdict(walk, packet, pseudo, pseudo);
  }
  walk.at += HEADER_SIZE;
  // RFC 4443 §2.1: error types are those below 128, of which 1 to 4 are defined.
  if (packet.icmp_type >= 1 && packet.icmp_type <= 4) decode_quote(walk, packet);
  else if (packet.icmp_type == 128 || packet.icmp_type == 129) read_ids(walk, packet);
  return Layer::stop;
}

}  // namespace picket
