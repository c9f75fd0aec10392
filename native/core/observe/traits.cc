#include "observe/traits.h"

#include "batch/layout.h"
#include "decode/walk.h"
#include "observe/os_probes.h"
#include "observe/scanner_marks.h"
#include "observe/trusted_port.h"

namespace picket {

namespace {

/// Flags that decide what a TCP probe is: all but ECN's.
constexpr uint32_t PROBE_FLAGS = TCP_FIN | TCP_SYN | TCP_RST | TCP_PSH | TCP_ACK | TCP_URG;
/// Below this no operating system of the last twenty years opens a connection without DF.
constexpr uint16_t TINY_WINDOW = 4096;
/// TCP Fast Open, RFC 7413 §4.1.1: the one honest reason for data on a SYN; 254 is its experiment.
constexpr uint8_t OPTION_FAST_OPEN = 34;
constexpr uint8_t OPTION_EXPERIMENT = 254;
constexpr uint8_t ICMP_ECHO = 8;
constexpr uint8_t ICMP6_ECHO = 128;
constexpr uint32_t IPV6_FRAGMENT_SIZE = 8;

/// IPv4 options, or IPv6 extension headers other than the fragment header.
bool has_ip_options(const Packet& packet) {
  const uint32_t fragment_size =
      packet.ip_version == 6 && packet.fragment != 0 ? IPV6_FRAGMENT_SIZE : 0;
  return packet.ip_options_size > fragment_size;
}

/// What is wrong or odd below the transport, and with its checksum. Whatever is wrong is an
/// anomaly, too.
uint32_t flaw_traits(const Packet& packet) {
  if (packet.anomalies == 0 && packet.fragment == 0 && packet.ip_options_size == 0) return 0;
  uint32_t traits = 0;
  const Checksum checksum = packet.transport_checksum;
  if (checksum > Checksum::offload || packet.ip_checksum > Checksum::offload) {
    traits |= TRAIT_BAD_CHECKSUM;
  }
  if (checksum == Checksum::nmap_badsum) traits |= TRAIT_NMAP_BADSUM;
  if ((packet.fragment & FRAGMENT_TINY) != 0) traits |= TRAIT_FRAGMENT_TINY;
  if ((packet.fragment & (FRAGMENT_OVERLAP | FRAGMENT_CONFLICT)) != 0) {
    traits |= TRAIT_FRAGMENT_OVERLAP;
  }
  if (has_ip_options(packet)) traits |= TRAIT_IP_OPTIONS;
  return traits;
}

/// No operating system sends a SYN without options, or one with a tiny window and without DF.
bool is_raw_syn(const Packet& packet) {
  if (packet.tcp_options_size == 0) return true;
  if (packet.tcp_window > TINY_WINDOW) return false;
  return packet.ip_version == 6 || !packet.dont_fragment;
}

/// Raw-socket scanners build their headers without DF. Their marks are in the IPv4 identification,
/// the sequence number and the options of SYNs, UDP datagrams, echo requests and SCTP INITs; over
/// IPv6 only a SYN's header is left to look at. Unicornscan's key takes several packets to see, so
/// its bit is never set here (send_packet.c, TCPHASHTRACK: seq = key ^ target ^ ports, key
/// unknown).
bool could_carry_mark(const Packet& packet) {
  if (packet.ip_version == 6) return is_syn(packet) && is_raw_syn(packet);
  if (packet.dont_fragment) return false;
  return is_syn(packet) || packet.transport == Transport::udp ||
         packet.transport == Transport::sctp ||
         (packet.transport == Transport::icmp && packet.icmp_type == ICMP_ECHO);
}

uint32_t mark_traits(const Packet& packet) {
  uint32_t traits = 0;
  if (is_masscan(packet)) traits |= TRAIT_MARK_MASSCAN;
  if (is_zmap(packet)) traits |= TRAIT_MARK_ZMAP;
  if (is_mirai(packet)) traits |= TRAIT_MARK_MIRAI;
  return traits;
}

/// SYN, FIN, NULL and Xmas: nothing with data on it in any connection.
bool is_dataless_probe(const Packet& packet) {
  const uint32_t flags = packet.tcp_flags & PROBE_FLAGS;
  return is_syn(packet) || flags == 0 || flags == TCP_FIN ||
         flags == (TCP_FIN | TCP_PSH | TCP_URG);
}

bool has_fast_open(const Packet& packet) {
  const uint8_t* bytes = packet.bytes;
  const uint32_t end = packet.tcp_options_at + packet.tcp_options_size;
  for (uint32_t at = packet.tcp_options_at; at + 1 < end;) {
    const uint8_t kind = bytes[at];
    if (kind == 0) return false;
    if (kind == 1) {
      at++;
      continue;
    }
    if (kind == OPTION_FAST_OPEN) return true;
    // RFC 6994: an experiment's id follows; Fast Open's was 0xf989.
    if (kind == OPTION_EXPERIMENT && at + 3 < end && u16(bytes, at + 2) == 0xf989) return true;
    const uint32_t size = bytes[at + 1];
    if (size < 2) return false;
    at += size;
  }
  return false;
}

uint32_t tcp_traits(const Packet& packet) {
  uint32_t traits = is_syn(packet) && is_raw_syn(packet) ? TRAIT_RAW_STACK : 0u;
  if (packet.payload_wire_size > 0 && is_dataless_probe(packet) && !has_fast_open(packet)) {
    traits |= TRAIT_PROBE_WITH_DATA;
  }
  return traits;
}

bool is_empty_echo(const Packet& packet) {
  if (packet.payload_wire_size != 0) return false;
  return (packet.transport == Transport::icmp && packet.icmp_type == ICMP_ECHO) ||
         (packet.transport == Transport::icmp6 && packet.icmp_type == ICMP6_ECHO);
}

}  // namespace

uint32_t shape_traits(const Packet& packet) {
  uint32_t traits = os_traits(packet);
  if (could_carry_mark(packet)) traits |= TRAIT_MARK_CANDIDATE;
  // Not only of candidates: Nmap's OS detection sets DF on some of its probes.
  if (is_nmap(packet)) traits |= TRAIT_MARK_NMAP;
  if (packet.transport == Transport::tcp) traits |= tcp_traits(packet);
  else if (is_empty_echo(packet)) traits |= TRAIT_EMPTY_ECHO;
  return traits;
}

uint32_t with_own_traits(const Packet& packet, uint32_t shape) {
  uint32_t traits = shape | flaw_traits(packet);
  if ((shape & TRAIT_MARK_CANDIDATE) != 0) traits |= mark_traits(packet);
  if (is_trusted_source_port(packet)) traits |= TRAIT_TRUSTED_SOURCE_PORT;
  return traits;
}

}  // namespace picket
