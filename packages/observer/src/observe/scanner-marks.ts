/**
 * The marks that scanners leave in a single packet, by their sources. Twin:
 * `native/core/observe/scanner_marks.{h,cc}`.
 */
import { type Packet, TcpFlags, Transport } from '../decode/packet.js';
import { initialTtl } from './syn-signature.js';
import { u16, u32 } from '../decode/walk.js';

/** All flags but PSH and ECN's, which no rule below looks at. */
const FLAGS = TcpFlags.fin | TcpFlags.syn | TcpFlags.rst | TcpFlags.ack | TcpFlags.urg;
const XMAS = TcpFlags.fin | TcpFlags.psh | TcpFlags.urg;
/** MSS 1460 as an option. */
const MSS_1460 = 0x020405b4;

const MASSCAN_WINDOW = 1024;
const DNS_PORT = 53;
const PORTMAP_PORT = 111;
const NETBIOS_PORT = 137;
const SNMP_PORT = 161;
const NFS_PORT = 2049;
/** Where Masscan's SNMP question has the low half of its request id. */
const SNMP_ID_AT = 19;
/** Initiate tag of an SCTP INIT: behind the chunk header, its low half. */
const SCTP_TAG_LOW_AT = 6;
const SCTP_INIT = 1;

const ZMAP_ID = 54321;
const ZMAP_WINDOW = 65535;

/**
 * Masscan: the IPv4 identification is the low half of target ^ port ^ sequence value (templ-pkt.c,
 * template_set_target; the same in 1.3.2 and in the development branch, whose SYN has window 1025
 * and an MSS). For TCP the value is the sequence number; for SCTP the initiate tag; for UDP it is
 * seen where the payload carries it: DNS, portmapper, NetBIOS and NFS in the first two bytes, SNMP
 * in its request id. For NTP the cookie is made of other inputs, so nothing can be tested; an echo
 * request is told by its template (TTL 255, no DF, 48 bytes counting up from 8). Over IPv6 there is
 * no identification: the untouched template is the mark (no options, window 1024, flow label 0, hop
 * limit from 255).
 */
export function isMasscan(packet: Packet): boolean {
  if (packet.ipVersion === 6) return isMasscanTemplate6(packet);
  if (packet.transport === Transport.icmp) return isMasscanEcho(packet);
  const value = masscanValue(packet);
  return value >= 0 && ((packet.dst3 ^ packet.dstPort ^ value) & 0xffff) === packet.ipId;
}

function isMasscanTemplate6(packet: Packet): boolean {
  return (
    isSyn(packet) &&
    packet.tcpOptionsSize === 0 &&
    packet.tcpWindow === MASSCAN_WINDOW &&
    packet.flowLabel === 0 &&
    initialTtl(packet.ttl) === 255
  );
}

function isMasscanEcho(packet: Packet): boolean {
  return (
    packet.icmpType === 8 &&
    initialTtl(packet.ttl) === 255 &&
    packet.payloadWireSize === 48 &&
    packet.payloadSize >= 4 &&
    u32(packet.bytes, packet.payloadAt) === 0x08090a0b
  );
}

/** Low half of the sequence value, or -1 when the packet does not show it. */
function masscanValue(packet: Packet): number {
  if (isSyn(packet)) return packet.tcpSeq & 0xffff;
  if (packet.transport === Transport.sctp) {
    return packet.sctpChunk === SCTP_INIT ? payloadU16(packet, SCTP_TAG_LOW_AT) : -1;
  }
  if (packet.transport !== Transport.udp) return -1;
  switch (packet.dstPort) {
    case DNS_PORT:
    case PORTMAP_PORT:
    case NETBIOS_PORT:
    case NFS_PORT:
      return payloadU16(packet, 0);
    case SNMP_PORT:
      return payloadU16(packet, SNMP_ID_AT);
    default:
      return -1;
  }
}

function payloadU16(packet: Packet, at: number): number {
  return at + 2 <= packet.payloadSize ? u16(packet.bytes, packet.payloadAt + at) : -1;
}

/**
 * ZMap: identification 54321 (packet.c, make_ip_header) in every probe up to 4.0, a SYN having
 * window 65535 and no options (2.x) or an MSS (3.x). From 4.1 the identification is random and the
 * SYN has an operating system's options, byte for byte (set_tcp_options), with window 65535 and,
 * unlike any of those systems, without DF.
 */
export function isZmap(packet: Packet): boolean {
  if (packet.ipVersion !== 4) return false;
  if (packet.transport !== Transport.tcp) return packet.ipId === ZMAP_ID;
  if (!isSyn(packet) || packet.tcpWindow !== ZMAP_WINDOW) return false;
  return packet.ipId === ZMAP_ID || hasZmapOptions(packet);
}

function hasZmapOptions(packet: Packet): boolean {
  const { bytes, tcpOptionsAt: at, tcpOptionsSize: size } = packet;
  if (size < 4 || u32(bytes, at) !== MSS_1460) return false;
  // The system's TTL too: 64 whatever the options claim (state.c).
  if (initialTtl(packet.ttl) !== 64) return false;
  switch (size) {
    case 4:
      return true; // "smallest"
    case 12:
      return u32(bytes, at + 4) === 0x01030308 && u32(bytes, at + 8) === 0x01010402; // Windows
    case 20: // Linux: the time stamp is the time in seconds, no echo
      return (
        u32(bytes, at + 4) === 0x0402080a &&
        u32(bytes, at + 12) === 0 &&
        u32(bytes, at + 16) === 0x01030307
      );
    case 24: // BSD
      return (
        u32(bytes, at + 4) === 0x01030306 &&
        u32(bytes, at + 8) === 0x0101080a &&
        u32(bytes, at + 16) === 0 &&
        u32(bytes, at + 20) === 0x04020000
      );
    default:
      return false;
  }
}

/** Mirai: the sequence number is the target (mirai/bot/scanner.c). */
export function isMirai(packet: Packet): boolean {
  return packet.ipVersion === 4 && isSyn(packet) && packet.tcpSeq === packet.dst3;
}

/**
 * Nmap: its scan probes (scan_engine_raw.cc, sendIPScanProbe: window 1024 to 4096 in steps of 1024,
 * a SYN with MSS 1460 and nothing else, others without options and with one of the two numbers 0),
 * and the series of OS detection (osscan2.cc).
 */
export function isNmap(packet: Packet): boolean {
  switch (packet.transport) {
    case Transport.tcp:
      return isNmapScan(packet) || isNmapOs(packet);
    case Transport.udp:
      return isNmapU1(packet);
    case Transport.icmp:
      return isNmapIe(packet);
    case Transport.sctp:
      return isNmapSctp(packet);
    default:
      return false;
  }
}

function isNmapScan(packet: Packet): boolean {
  const window = packet.tcpWindow;
  if (packet.dontFragment || window === 0 || window > 4096 || (window & 1023) !== 0) return false;
  const flags = packet.tcpFlags;
  if (flags === TcpFlags.syn) {
    return (
      packet.tcpAck === 0 &&
      packet.tcpOptionsSize === 4 &&
      u32(packet.bytes, packet.tcpOptionsAt) === MSS_1460
    );
  }
  if (packet.tcpOptionsSize !== 0) return false;
  if (flags === TcpFlags.ack || flags === (TcpFlags.fin | TcpFlags.ack)) {
    return packet.tcpSeq === 0 && packet.tcpAck !== 0;
  }
  return (
    (flags === 0 || flags === TcpFlags.fin || flags === XMAS) &&
    packet.tcpAck === 0 &&
    packet.tcpSeq !== 0
  );
}

/**
 * T1 to T7 carry time stamps 0xffffffff and 0; the ECN probe has window 3 and urgent pointer
 * 0xf7f5.
 */
function isNmapOs(packet: Packet): boolean {
  if (packet.tcpWindow === 3 && packet.tcpUrgent === 0xf7f5) return true;
  const { bytes, tcpOptionsAt: at, tcpOptionsSize: size } = packet;
  if (size !== 16 && size !== 20) return false;
  for (let offset = 0; offset <= 10 && offset + 10 <= size; offset++) {
    if (
      u16(bytes, at + offset) === 0x080a &&
      u32(bytes, at + offset + 2) === -1 &&
      u32(bytes, at + offset + 6) === 0
    )
      return true;
  }
  return false;
}

/** U1: identification 0x1042 and 300 bytes of 'C'. */
function isNmapU1(packet: Packet): boolean {
  return (
    packet.ipId === 0x1042 &&
    packet.payloadWireSize === 300 &&
    packet.payloadSize > 0 &&
    packet.bytes[packet.payloadAt] === 0x43
  );
}

/** IE: an echo request of code 9 and sequence number 295. Only Nmap puts a code there. */
function isNmapIe(packet: Packet): boolean {
  return packet.icmpType === 8 && packet.icmpCode === 9 && packet.icmpSeq === 295;
}

/**
 * INIT with a_rwnd 32768, 10 streams out, 2048 in, and nothing else; tag 0 (scan_engine_raw.cc).
 */
function isNmapSctp(packet: Packet): boolean {
  if (packet.sctpChunk !== SCTP_INIT || packet.sctpTag !== 0 || packet.payloadSize !== 20)
    return false;
  return (
    u32(packet.bytes, packet.payloadAt + 8) === 32768 &&
    u32(packet.bytes, packet.payloadAt + 12) === 0x000a0800
  );
}

/** A connection request, whatever PSH and ECN's flags say. */
export function isSyn(packet: Packet): boolean {
  return packet.transport === Transport.tcp && (packet.tcpFlags & FLAGS) === TcpFlags.syn;
}
