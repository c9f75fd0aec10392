#include "decode/decoder.h"

#include <bit>

#include "decode/erspan.h"
#include "decode/ethernet.h"
#include "decode/geneve.h"
#include "decode/gre.h"
#include "decode/icmp.h"
#include "decode/ip.h"
#include "decode/ipv4.h"
#include "decode/ipv6.h"
#include "decode/link.h"
#include "decode/mpls.h"
#include "decode/pppoe.h"
#include "decode/sctp.h"
#include "decode/tcp.h"
#include "decode/udp.h"
#include "decode/vlan.h"
#include "decode/vxlan.h"

namespace picket {

namespace {

Layer decode_layer(Walk& walk, Packet& packet, Layer layer, Fragments& fragments) {
  switch (layer) {
    case Layer::ethernet: return decode_ethernet(walk, packet);
    case Layer::vlan: return decode_vlan(walk, packet);
    case Layer::mpls: return decode_mpls(walk, packet);
    case Layer::pppoe: return decode_pppoe(walk, packet);
    case Layer::ppp: return decode_ppp(walk, packet);
    case Layer::ip: return decode_ip(walk, packet);
    case Layer::ipv4: return decode_ipv4(walk, packet, fragments);
    case Layer::ipv6: return decode_ipv6(walk, packet, fragments);
    case Layer::gre: return decode_gre(walk, packet);
    case Layer::erspan1: return decode_erspan1(walk, packet);
    case Layer::erspan2: return decode_erspan2(walk, packet);
    case Layer::erspan3: return decode_erspan3(walk, packet);
    case Layer::tcp: return decode_tcp(walk, packet);
    case Layer::udp: return decode_udp(walk, packet);
    case Layer::icmp: return decode_icmp(walk, packet);
    case Layer::icmp6: return decode_icmp6(walk, packet);
    case Layer::sctp: return decode_sctp(walk, packet);
    case Layer::vxlan: return decode_vxlan(walk, packet);
    case Layer::geneve: return decode_geneve(walk, packet);
    case Layer::stop: return Layer::stop;
  }
  return Layer::stop;
}

bool is_loopback(const Packet& packet, const Address& address) {
  if (packet.ip_version == 4) return address.word[3] >> 24 == 127;
  return address.word[0] == 0 && address.word[1] == 0 && address.word[2] == 0 &&
         address.word[3] == 1;
}

/// Source equals destination (a LAND packet), or a loopback source talking to somebody else. On a
/// loopback interface both ends are loopback, which is as it should be.
void check_addresses(Packet& packet) {
  if (is_loopback(packet, packet.src)) {
    if (!is_loopback(packet, packet.dst)) note(packet, Anomaly::address_martian);
  } else if (packet.src == packet.dst) {
    note(packet, Anomaly::address_martian);
  }
}

}  // namespace

void Decoder::decode_walking(const uint8_t* frame, uint32_t captured, uint32_t wire,
                             int64_t time_us, uint32_t link_type, Packet& packet) {
  clear_frame(packet);
  packet.time_us = time_us;
  packet.bytes = frame;
  packet.captured_size = captured;
  packet.wire_size = wire;
  Walk walk{frame, 0, captured, wire, HASH_SEED, false, false, false};
  Layer layer = decode_link(walk, packet, link_type);
  // Ends: every layer either stops or moves forward in a bounded frame, and `deeper` bounds them.
  while (layer != Layer::stop) layer = decode_layer(walk, packet, layer, fragments_);
  if (packet.ip_version != 0) check_addresses(packet);
  for (uint64_t bits = packet.anomalies; bits != 0; bits &= bits - 1) {
    anomaly_counts_[static_cast<size_t>(std::countr_zero(bits))]++;
  }
}

}  // namespace picket
