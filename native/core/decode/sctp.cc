#include "decode/sctp.h"

#include "decode/checksum.h"

namespace picket {

namespace {

/// Ports u16 u16, verification tag u32, CRC32c u32, then chunks: type u8, flags u8, length u16.
constexpr uint32_t HEADER_SIZE = 12;
constexpr uint32_t TAG_AT = 4;
constexpr uint32_t CHECKSUM_AT = 8;
constexpr uint32_t CHUNK_HEADER_SIZE = 4;

uint32_t swap32(uint32_t value) {
  return (value << 24) | ((value & 0xff00) << 8) | ((value >> 8) & 0xff00) | (value >> 24);
}

Checksum verdict(const Walk& walk, Packet& packet) {
  const uint8_t* bytes = walk.bytes;
  const uint32_t at = walk.at;
  if (walk.partial || walk.end != walk.wire_end) return Checksum::unverified;
  uint32_t crc = crc32c(0xffffffff, bytes, at, at + CHECKSUM_AT);
  crc = crc32c_zeros(crc, 4);
  const uint32_t correct = ~crc32c(crc, bytes, at + HEADER_SIZE, walk.end);
  // The CRC travels least significant byte first, RFC 9260 appendix A.
  const uint32_t observed = swap32(u32(bytes, at + CHECKSUM_AT));
  if (observed == correct) return Checksum::right;
  if (observed == 0) return Checksum::offload;  // what Linux leaves for the NIC to fill
  note(packet, Anomaly::sctp_checksum);
  // Nmap decrements the field as a little-endian host reads it (tcpip.cc, `--sctp->sh_sum`).
  return observed == correct - 1 ? Checksum::nmap_badsum : Checksum::wrong;
}

}  // namespace

Layer decode_sctp(Walk& walk, Packet& packet) {
  const uint8_t* bytes = walk.bytes;
  const uint32_t at = walk.at;
  if (walk.end - at < HEADER_SIZE + CHUNK_HEADER_SIZE) return stop(packet, Anomaly::sctp_truncated);
  const uint32_t chunk_at = at + HEADER_SIZE;
  packet.transport = Transport::sctp;
  packet.src_port = static_cast<uint16_t>(u16(bytes, at));
  packet.dst_port = static_cast<uint16_t>(u16(bytes, at + 2));
  packet.sctp_tag = u32(bytes, at + TAG_AT);
  packet.sctp_chunk = bytes[chunk_at];
  const uint32_t chunk_size = u16(bytes, chunk_at + 2);
  if (chunk_size < CHUNK_HEADER_SIZE || (chunk_size > walk.wire_end - chunk_at && !walk.partial)) {
    note(packet, Anomaly::sctp_chunk_length);
  }
  if (packet.src_port == 0 || packet.dst_port == 0) note(packet, Anomaly::port_zero);
  packet.transport_checksum = verdict(walk, packet);
  set_payload(walk, packet, chunk_at);
  return Layer::stop;
}

}  // namespace picket
