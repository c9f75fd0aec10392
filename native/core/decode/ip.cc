#include "decode/ip.h"

namespace picket {

Layer layer_of_protocol(Packet& packet, uint8_t protocol, uint8_t version) {
  switch (protocol) {
    case ip_protocol::tcp: return Layer::tcp;
    case ip_protocol::udp: return Layer::udp;
    case ip_protocol::icmp: return version == 4 ? Layer::icmp : Layer::stop;
    case ip_protocol::icmp6: return version == 6 ? Layer::icmp6 : Layer::stop;
    case ip_protocol::sctp: return Layer::sctp;
    case ip_protocol::gre: return Layer::gre;
    case ip_protocol::ipip: return deeper(packet) ? Layer::ipv4 : Layer::stop;
    case ip_protocol::ipv6: return deeper(packet) ? Layer::ipv6 : Layer::stop;
    case ip_protocol::mpls_in_ip: return Layer::mpls;  // RFC 4023 §3
    default: return Layer::stop;
  }
}

Layer decode_ip(Walk& walk, Packet& packet) {
  if (walk.end - walk.at < 1) return stop(packet, Anomaly::link_truncated);
  const uint32_t version = walk.bytes[walk.at] >> 4;
  if (version == 4) return Layer::ipv4;
  if (version == 6) return Layer::ipv6;
  return stop(packet, Anomaly::ip_version);
}

bool plausible_ipv4(const Walk& walk, uint32_t at) {
  if (walk.left(at) < 20) return false;
  const uint32_t first = walk.bytes[at];
  const uint32_t header_size = (first & 15) * 4;
  const uint32_t total = u16(walk.bytes, at + 2);
  return first >> 4 == 4 && header_size >= 20 && (total == 0 || total >= header_size) &&
         (walk.partial || total <= walk.wire_left(at));
}

bool plausible_ipv6(const Walk& walk, uint32_t at) {
  if (walk.left(at) < 40) return false;
  return walk.bytes[at] >> 4 == 6 &&
         (walk.partial || u16(walk.bytes, at + 4) <= walk.wire_left(at) - 40);
}

}  // namespace picket
