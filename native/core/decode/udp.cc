#include "decode/udp.h"

#include "decode/checksum.h"
#include "decode/geneve.h"
#include "decode/ip.h"
#include "decode/vxlan.h"

namespace picket {

namespace {

constexpr uint32_t HEADER_SIZE = 8;
constexpr uint32_t LENGTH_AT = 4;
constexpr uint32_t CHECKSUM_AT = 6;

/// RFC 768: 0 is "none" in IPv4. RFC 6935 §5 allows it in IPv6 for tunnels only.
bool may_be_absent(const Packet& packet) {
  return packet.ip_version == 4 || packet.dst_port == VXLAN_PORT || packet.dst_port == GENEVE_PORT;
}

Checksum verdict(const Walk& walk, Packet& packet) {
  const uint32_t at = walk.at;
  const uint32_t observed = u16(walk.bytes, at + CHECKSUM_AT);
  if (observed == 0 && may_be_absent(packet)) return Checksum::right;
  if (walk.partial || walk.rerouted || walk.end != walk.wire_end) return Checksum::unverified;
  const uint32_t pseudo = pseudo_sum(packet, ip_protocol::udp, walk.end - at);
  const uint32_t covered = fold(pseudo + sum16(walk.bytes, at, walk.end));
  const Checksum result = judge16(observed, covered, pseudo);
  if (result > Checksum::offload) note(packet, Anomaly::udp_checksum);
  return result;
}

}  // namespace

Layer decode_udp(Walk& walk, Packet& packet) {
  const uint8_t* bytes = walk.bytes;
  const uint32_t at = walk.at;
  if (walk.end - at < HEADER_SIZE) return stop(packet, Anomaly::udp_truncated);
  const uint32_t size = u16(bytes, at + LENGTH_AT);
  if (size < HEADER_SIZE || (size > walk.wire_end - at && !walk.partial)) {
    return stop(packet, Anomaly::udp_length);
  }
  packet.transport = Transport::udp;
  packet.src_port = static_cast<uint16_t>(u16(bytes, at));
  packet.dst_port = static_cast<uint16_t>(u16(bytes, at + 2));
  if (at + size <= walk.wire_end) {
    walk.wire_end = at + size;
    if (walk.end > walk.wire_end) walk.end = walk.wire_end;
  }
  if (packet.src_port == 0 || packet.dst_port == 0) note(packet, Anomaly::port_zero);
  packet.transport_checksum = verdict(walk, packet);
  set_payload(walk, packet, at + HEADER_SIZE);
  walk.at = at + HEADER_SIZE;
  if (packet.payload_wire_size == 0) return Layer::stop;
  if (packet.dst_port == VXLAN_PORT) return Layer::vxlan;
  return packet.dst_port == GENEVE_PORT ? Layer::geneve : Layer::stop;
}

}  // namespace picket
