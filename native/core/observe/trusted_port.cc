#include "observe/trusted_port.h"

namespace picket {

namespace {

constexpr uint16_t FTP_DATA = 20;
constexpr uint16_t DNS = 53;
constexpr uint16_t DHCP_SERVER = 67;
constexpr uint16_t DHCP_CLIENT = 68;
constexpr uint16_t KERBEROS = 88;
constexpr uint16_t NTP = TRUSTED_PORT_MAX;
/// Ports below this belong to services: no client waits for an answer there.
constexpr uint16_t EPHEMERAL_MIN = 1024;
constexpr uint32_t DNS_HEADER_SIZE = 12;
constexpr uint32_t DNS_FLAGS_AT = 2;
constexpr uint8_t DNS_RESPONSE = 0x80;

/// Servers do not open connections from their port: name servers of the 1990s did among themselves,
/// and an FTP server does towards a client's high port (RFC 959 §3.2).
bool is_trusted_syn(const Packet& packet) {
  constexpr uint32_t kind = TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN;
  if ((packet.tcp_flags & kind) != TCP_SYN) return false;
  switch (packet.src_port) {
    case FTP_DATA: return packet.dst_port < EPHEMERAL_MIN;
    case DNS:
    case KERBEROS:
    case NTP: return packet.dst_port != packet.src_port;
    case DHCP_SERVER: return true;
    default: return false;
  }
}

/// UDP from these ports is an answer to a client's high port, or servers among themselves. An
/// answer is not empty, and a name server's is marked as one (RFC 1035 §4.1.1).
bool is_trusted_datagram(const Packet& packet) {
  switch (packet.src_port) {
    case DNS:
      if (packet.dst_port == DNS) return false;
      return packet.dst_port < EPHEMERAL_MIN || packet.payload_wire_size < DNS_HEADER_SIZE ||
             (packet.payload_size > DNS_FLAGS_AT &&
              (packet.bytes[packet.payload_at + DNS_FLAGS_AT] & DNS_RESPONSE) == 0);
    case KERBEROS:
    case NTP:
      if (packet.dst_port == packet.src_port) return false;
      return packet.dst_port < EPHEMERAL_MIN || packet.payload_wire_size == 0;
    case DHCP_SERVER: return packet.dst_port != DHCP_SERVER && packet.dst_port != DHCP_CLIENT;
    default: return false;
  }
}

}  // namespace

bool is_trusted_source_port(const Packet& packet) {
  if (packet.src_port > TRUSTED_PORT_MAX) return false;
  if (packet.transport == Transport::tcp) return is_trusted_syn(packet);
  return packet.transport == Transport::udp && is_trusted_datagram(packet);
}

}  // namespace picket
