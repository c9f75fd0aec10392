#include "decode/tcp.h"

#include <algorithm>

#include "decode/checksum.h"
#include "decode/ip.h"

namespace picket {

namespace {

constexpr uint32_t HEADER_SIZE = 20;

Checksum verdict(const Walk& walk, Packet& packet) {
  const uint32_t at = walk.at;
  if (walk.partial || walk.rerouted || walk.end != walk.wire_end) return Checksum::unverified;
  const uint32_t pseudo = pseudo_sum(packet, ip_protocol::tcp, walk.end - at);
  const uint32_t covered = fold(pseudo + sum16(walk.bytes, at, walk.end));
  const Checksum result = judge16(u16(walk.bytes, at + tcp_field::checksum), covered, pseudo);
  if (result > Checksum::offload) note(packet, Anomaly::tcp_checksum);
  return result;
}

}  // namespace

Layer decode_tcp(Walk& walk, Packet& packet) {
  const uint8_t* bytes = walk.bytes;
  const uint32_t at = walk.at;
  if (walk.end - at < HEADER_SIZE) return stop(packet, Anomaly::tcp_truncated);
  const uint32_t header_size = (bytes[at + tcp_field::offset] >> 4) * 4u;
  if (header_size < HEADER_SIZE || (header_size > walk.wire_end - at && !walk.partial)) {
    return stop(packet, Anomaly::tcp_header_length);
  }
  packet.transport = Transport::tcp;
  packet.src_port = static_cast<uint16_t>(u16(bytes, at));
  packet.dst_port = static_cast<uint16_t>(u16(bytes, at + 2));
  write_tcp_fields(bytes, at, packet);
  const uint32_t options_end = std::min(at + header_size, walk.end);
  packet.tcp_options_at = at + HEADER_SIZE;
  packet.tcp_options_size = static_cast<uint8_t>(options_end - at - HEADER_SIZE);
  if (!tcp_options_fit(bytes, at + HEADER_SIZE, at + header_size, options_end)) {
    note(packet, Anomaly::tcp_option_length);
  }
  if (packet.src_port == 0 || packet.dst_port == 0) note(packet, Anomaly::port_zero);
  packet.transport_checksum = verdict(walk, packet);
  set_payload(walk, packet, at + header_size);
  return Layer::stop;
}

}  // namespace picket
