/**
 * Source ports that careless filters let through, on packets that the service behind the port would
 * not send. Twin: `native/core/observe/trusted_port.{h,cc}`.
 */
import { type Packet, TcpFlags, Transport } from '../decode/packet.js';

const FTP_DATA = 20;
const DNS = 53;
const DHCP_SERVER = 67;
const DHCP_CLIENT = 68;
const KERBEROS = 88;
/** The highest of them. */
const NTP = 123;
/** Ports below this belong to services: no client waits for an answer there. */
const EPHEMERAL_MIN = 1024;
const DNS_HEADER_SIZE = 12;
const DNS_FLAGS_AT = 2;
const DNS_RESPONSE = 0x80;

/** Whether a TCP SYN or a UDP datagram comes from a trusted port without being that service's. */
export function isTrustedSourcePort(packet: Packet): boolean {
  if (packet.srcPort > NTP) return false;
  if (packet.transport === Transport.tcp) return isTrustedSyn(packet);
  return packet.transport === Transport.udp && isTrustedDatagram(packet);
}

/**
 * Servers do not open connections from their port: name servers of the 1990s did among themselves,
 * and an FTP server does towards a client's high port (RFC 959 §3.2).
 */
function isTrustedSyn(packet: Packet): boolean {
  const kind = TcpFlags.syn | TcpFlags.ack | TcpFlags.rst | TcpFlags.fin;
  if ((packet.tcpFlags & kind) !== TcpFlags.syn) return false;
  switch (packet.srcPort) {
    case FTP_DATA:
      return packet.dstPort < EPHEMERAL_MIN;
    case DNS:
    case KERBEROS:
    case NTP:
      return packet.dstPort !== packet.srcPort;
    case DHCP_SERVER:
      return true;
    default:
      return false;
  }
}

/**
 * UDP from these ports is an answer to a client's high port, or servers among themselves. An answer
 * is not empty, and a name server's is marked as one (RFC 1035 §4.1.1).
 */
function isTrustedDatagram(packet: Packet): boolean {
  const { srcPort, dstPort } = packet;
  switch (srcPort) {
    case DNS:
      if (dstPort === DNS) return false;
      return (
        dstPort < EPHEMERAL_MIN ||
        packet.payloadWireSize < DNS_HEADER_SIZE ||
        (packet.payloadSize > DNS_FLAGS_AT &&
          (packet.bytes[packet.payloadAt + DNS_FLAGS_AT] & DNS_RESPONSE) === 0)
      );
    case KERBEROS:
    case NTP:
      if (dstPort === srcPort) return false;
      return dstPort < EPHEMERAL_MIN || packet.payloadWireSize === 0;
    case DHCP_SERVER:
      return dstPort !== DHCP_SERVER && dstPort !== DHCP_CLIENT;
    default:
      return false;
  }
}
