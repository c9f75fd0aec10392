#include "observe/observe_icmp.h"

namespace picket {

namespace {

/// The request type that a reply type answers, ICMPv4 (RFC 792, RFC 950) and ICMPv6 (RFC 4443); -1
/// none.
int request_of(uint8_t reply, bool version6) {
  if (version6) return reply == 129 ? 128 : reply == 140 ? 139 : -1;
  switch (reply) {
    case 0: return 8;
    case 14: return 13;
    case 16: return 15;
    case 18: return 17;
    default: return -1;
  }
}

/// 0 for what is no request.
ProbeKind probe_kind_of(uint8_t type, bool version6) {
  constexpr ProbeKind none{};
  if (version6) return type == 128 ? PROBE_ICMP_ECHO : type == 139 ? PROBE_ICMP_OTHER : none;
  switch (type) {
    case 8: return PROBE_ICMP_ECHO;
    case 13: return PROBE_ICMP_TIMESTAMP;
    case 17: return PROBE_ICMP_MASK;
    case 10:
    case 15: return PROBE_ICMP_OTHER;
    default: return none;
  }
}

/// The port of the contact the quoted packet belongs to; a quoted ICMP packet is taken for an echo
/// request.
uint32_t quoted_service(const Packet& packet) {
  if (packet.quoted_ports_valid) return packet.quoted_dst_port;
  return packet.quoted_protocol == 1 ? 8 : packet.quoted_protocol == 58 ? 128 : 0;
}

/// Port (and protocol) unreachable says closed, every other error says filtered: RFC 792, RFC 4443
/// §3.1.
Outcome error_outcome(const Packet& packet) {
  const bool closed =
      packet.transport == Transport::icmp6
          ? packet.icmp_type == 1 && packet.icmp_code == 4
          : packet.icmp_type == 3 && (packet.icmp_code == 2 || packet.icmp_code == 3);
  return closed ? OUTCOME_CLOSED : OUTCOME_UNREACHABLE;
}

void observe_error(Observer& observer, const Packet& packet) {
  Flows& flows = observer.flows;
  flows.seek(packet.quoted_src, packet.quoted_src_port, packet.quoted_dst, packet.quoted_dst_port,
             packet.quoted_protocol, packet.tunnel_key);
  const Flow* flow = flows.find(packet.time_us);
  const bool prober_home = observer.is_home(packet.quoted_src);
  const bool probed_home = observer.is_home(packet.quoted_dst);
  const uint32_t protocol = uint32_t{packet.quoted_protocol} << 16;
  if (probed_home && !(observer.target_home && !prober_home)) {
    // An error on its way to the prober, about a packet to one of ours.
    if (flow != nullptr && (flow->state & FLOW_OUTBOUND) != 0) return;
    observer.touch.tunnel_key = packet.tunnel_key;
    observer.touch.source = packet.quoted_src;
    observer.touch.target = packet.quoted_dst;
    observer.touch.hash_addresses();
    observer.outcome_of_touch(packet, protocol | quoted_service(packet), error_outcome(packet),
                              PROBE_INFERRED, packet.quoted_ports_valid);
    return;
  }
  if (!observer.target_home || flow != nullptr || !prober_home) return;
  if (!observer.answers_visible(packet) || !packet.quoted_ports_valid) return;
  observer.address(packet, false);
  observer.outcome_of_touch(packet, protocol | packet.quoted_src_port, OUTCOME_BACKSCATTER_ICMP, 0,
                            true);
}

}  // namespace

void observe_icmp(Observer& observer, const Packet& packet) {
  if (packet.quoted_version != 0) {
    observe_error(observer, packet);
    return;
  }
  const bool version6 = packet.transport == Transport::icmp6;
  const uint32_t protocol = uint32_t{packet.protocol} << 16;
  const ProbeKind kind = probe_kind_of(packet.icmp_type, version6);
  if (kind != 0) {
    if (observer.target_home) observer.probe(packet, kind, protocol | packet.icmp_type);
    return;
  }
  const int request = request_of(packet.icmp_type, version6);
  if (request < 0 || !observer.source_home) return;
  observer.outcome(packet, true, protocol | static_cast<uint32_t>(request), OUTCOME_OPEN, true);
}

}  // namespace picket
