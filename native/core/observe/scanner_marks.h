/// The marks that scanners leave in a single packet, by their sources.
/// Twin: packages/observer/src/observe/scanner-marks.ts.
#pragma once

#include "decode/packet.h"

namespace picket {

/// Masscan: the IPv4 identification is the low half of target ^ port ^ sequence value (templ-pkt.c,
/// template_set_target; the same in 1.3.2 and in the development branch, whose SYN has window 1025
/// and an MSS). For TCP the value is the sequence number; for SCTP the initiate tag; for UDP it is
/// seen where the payload carries it: DNS, portmapper, NetBIOS and NFS in the first two bytes, SNMP
/// in its request id. For NTP and echo requests the cookie is made of other inputs, so nothing can
/// be tested. Over IPv6 there is no identification: the untouched template is the mark (no options,
/// window 1024, flow label 0, hop limit from 255).
bool is_masscan(const Packet& packet);

/// Whether the identification of an IPv4 probe is Masscan's for the low half of `value`.
inline bool has_masscan_id(const Packet& packet, uint32_t value) {
  return ((packet.dst.word[3] ^ packet.dst_port ^ value) & 0xffff) == packet.ip_id;
}

/// ZMap: identification 54321 (packet.c, make_ip_header) in every probe up to 4.0, a SYN having
/// window 65535 and no options (2.x) or an MSS (3.x). From 4.1 the identification is random and the
/// SYN has an operating system's options, byte for byte (set_tcp_options), with window 65535 and,
/// unlike any of those systems, without DF.
bool is_zmap(const Packet& packet);

/// The window of ZMap's SYNs.
constexpr uint16_t ZMAP_WINDOW = 65535;

/// Mirai: the sequence number is the target (mirai/bot/scanner.c).
bool is_mirai(const Packet& packet);

/// Nmap: its scan probes (scan_engine_raw.cc, sendIPScanProbe: window 1024 to 4096 in steps of
/// 1024, a SYN with MSS 1460 and nothing else, others without options and with one of the two
/// numbers 0), and the series of OS detection (osscan2.cc).
bool is_nmap(const Packet& packet);

/// A connection request, whatever PSH and ECN's flags say.
inline bool is_syn(const Packet& packet) {
  constexpr uint32_t flags = TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK | TCP_URG;
  return packet.transport == Transport::tcp && (packet.tcp_flags & flags) == TCP_SYN;
}

}  // namespace picket
