#include "observe/scanner_marks.h"

#include "decode/walk.h"
#include "observe/syn_signature.h"

namespace picket {

namespace {

constexpr uint32_t XMAS = TCP_FIN | TCP_PSH | TCP_URG;
/// MSS 1460 as an option.
constexpr uint32_t MSS_1460 = 0x020405b4;

constexpr uint16_t MASSCAN_WINDOW = 1024;
constexpr uint16_t DNS_PORT = 53;
constexpr uint16_t PORTMAP_PORT = 111;
constexpr uint16_t NETBIOS_PORT = 137;
constexpr uint16_t SNMP_PORT = 161;
constexpr uint16_t NFS_PORT = 2049;
/// Where Masscan's SNMP question has the low half of its request id.
constexpr uint32_t SNMP_ID_AT = 19;
/// Initiate tag of an SCTP INIT: behind the chunk header, its low half.
constexpr uint32_t SCTP_TAG_LOW_AT = 6;
constexpr uint8_t SCTP_INIT = 1;

constexpr uint32_t ZMAP_ID = 54321;

constexpr int32_t NONE = -1;

bool is_masscan_template6(const Packet& packet) {
  return is_syn(packet) && packet.tcp_options_size == 0 && packet.tcp_window == MASSCAN_WINDOW &&
         packet.flow_label == 0 && initial_ttl(packet.ttl) == 255;
}

int32_t payload_u16(const Packet& packet, uint32_t at) {
  if (at + 2 > packet.payload_size) return NONE;
  return static_cast<int32_t>(u16(packet.bytes, packet.payload_at + at));
}

/// Low half of the sequence value, or NONE when the packet does not show it.
int32_t masscan_value(const Packet& packet) {
  if (is_syn(packet)) return static_cast<int32_t>(packet.tcp_seq & 0xffff);
  if (packet.transport == Transport::sctp) {
    return packet.sctp_chunk == SCTP_INIT ? payload_u16(packet, SCTP_TAG_LOW_AT) : NONE;
  }
  if (packet.transport != Transport::udp) return NONE;
  switch (packet.dst_port) {
    case DNS_PORT:
    case PORTMAP_PORT:
    case NETBIOS_PORT:
    case NFS_PORT: return payload_u16(packet, 0);
    case SNMP_PORT: return payload_u16(packet, SNMP_ID_AT);
    default: return NONE;
  }
}

bool has_zmap_options(const Packet& packet) {
  const uint8_t* bytes = packet.bytes;
  const uint32_t at = packet.tcp_options_at;
  const uint32_t size = packet.tcp_options_size;
  if (size < 4 || u32(bytes, at) != MSS_1460) return false;
  // The system's TTL too: 64 whatever the options claim (state.c).
  if (initial_ttl(packet.ttl) != 64) return false;
  switch (size) {
    case 4: return true;  // "smallest"
    case 12:              // Windows
      return u32(bytes, at + 4) == 0x01030308 && u32(bytes, at + 8) == 0x01010402;
    case 20:  // Linux: the time stamp is the time in seconds, no echo
      return u32(bytes, at + 4) == 0x0402080a && u32(bytes, at + 12) == 0 &&
             u32(bytes, at + 16) == 0x01030307;
    case 24:  // BSD
      return u32(bytes, at + 4) == 0x01030306 && u32(bytes, at + 8) == 0x0101080a &&
             u32(bytes, at + 16) == 0 && u32(bytes, at + 20) == 0x04020000;
    default: return false;
  }
}

bool is_nmap_scan(const Packet& packet) {
  const uint32_t window = packet.tcp_window;
  if (packet.dont_fragment || window == 0 || window > 4096 || (window & 1023) != 0) return false;
  const uint32_t flags = packet.tcp_flags;
  if (flags == TCP_SYN) {
    return packet.tcp_ack == 0 && packet.tcp_options_size == 4 &&
           u32(packet.bytes, packet.tcp_options_at) == MSS_1460;
  }
  if (packet.tcp_options_size != 0) return false;
  if (flags == TCP_ACK || flags == (TCP_FIN | TCP_ACK)) {
    return packet.tcp_seq == 0 && packet.tcp_ack != 0;
  }
  return (flags == 0 || flags == TCP_FIN || flags == XMAS) && packet.tcp_ack == 0 &&
         packet.tcp_seq != 0;
}

/// T1 to T7 carry time stamps 0xffffffff and 0; the ECN probe has window 3 and urgent pointer
/// 0xf7f5.
bool is_nmap_os(const Packet& packet) {
  if (packet.tcp_window == 3 && packet.tcp_urgent == 0xf7f5) return true;
  const uint8_t* bytes = packet.bytes;
  const uint32_t at = packet.tcp_options_at;
  const uint32_t size = packet.tcp_options_size;
  if (size != 16 && size != 20) return false;
  for (uint32_t offset = 0; offset <= 10 && offset + 10 <= size; offset++) {
    if (u16(bytes, at + offset) == 0x080a && u32(bytes, at + offset + 2) == 0xffffffff &&
        u32(bytes, at + offset + 6) == 0) {
      return true;
    }
  }
  return false;
}

/// Masscan's echo request: its template has TTL 255, no DF and 48 bytes counting up from 8.
bool is_masscan_echo(const Packet& packet) {
  return packet.icmp_type == 8 && initial_ttl(packet.ttl) == 255 &&
         packet.payload_wire_size == 48 && packet.payload_size >= 4 &&
         u32(packet.bytes, packet.payload_at) == 0x08090a0b;
}

/// U1: identification 0x1042 and 300 bytes of 'C'.
bool is_nmap_u1(const Packet& packet) {
  return packet.ip_id == 0x1042 && packet.payload_wire_size == 300 && packet.payload_size > 0 &&
         packet.bytes[packet.payload_at] == 0x43;
}

/// IE: an echo request of code 9 and sequence number 295. Only Nmap puts a code there.
bool is_nmap_ie(const Packet& packet) {
  return packet.icmp_type == 8 && packet.icmp_code == 9 && packet.icmp_seq == 295;
}

/// INIT with a_rwnd 32768, 10 streams out, 2048 in, and nothing else; tag 0 (scan_engine_raw.cc).
bool is_nmap_sctp(const Packet& packet) {
  if (packet.sctp_chunk != SCTP_INIT || packet.sctp_tag != 0 || packet.payload_size != 20) {
    return false;
  }
  return u32(packet.bytes, packet.payload_at + 8) == 32768 &&
         u32(packet.bytes, packet.payload_at + 12) == 0x000a0800;
}

}  // namespace

bool is_masscan(const Packet& packet) {
  if (packet.ip_version == 6) return is_masscan_template6(packet);
  if (packet.transport == Transport::icmp) return is_masscan_echo(packet);
  const int32_t value = masscan_value(packet);
  return value != NONE && has_masscan_id(packet, static_cast<uint32_t>(value));
}

bool is_zmap(const Packet& packet) {
  if (packet.ip_version != 4) return false;
  if (packet.transport != Transport::tcp) return packet.ip_id == ZMAP_ID;
  if (packet.tcp_window != ZMAP_WINDOW || !is_syn(packet)) return false;
  return packet.ip_id == ZMAP_ID || has_zmap_options(packet);
}

bool is_mirai(const Packet& packet) {
  return packet.tcp_seq == packet.dst.word[3] && packet.ip_version == 4 && is_syn(packet);
}

bool is_nmap(const Packet& packet) {
  switch (packet.transport) {
    case Transport::tcp: return is_nmap_scan(packet) || is_nmap_os(packet);
    case Transport::udp: return is_nmap_u1(packet);
    case Transport::icmp: return is_nmap_ie(packet);
    case Transport::sctp: return is_nmap_sctp(packet);
    default: return false;
  }
}

}  // namespace picket
