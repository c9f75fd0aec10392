/**
 * Nmap's OS detection, probe by probe (osscan2.cc, osscan_get tables of probe windows and options):
 * the TCP probes by window, flags and the time stamp 0xffffffff, ECN by window 3 and urgent pointer
 * 0xf7f5, IE by its code and sequence number, U1 by 300 bytes of 'C'. Twin: `os_probes.{h,cc}`.
 */
import { Trait } from '../../../plugin-api/src/batch-layout.js';
import { type Packet, TcpFlags, Transport } from '../decode/packet.js';
import { u16, u32 } from '../decode/walk.js';

const SIX_FLAGS = 0x3f;
const SFPU = TcpFlags.syn | TcpFlags.fin | TcpFlags.psh | TcpFlags.urg;
const FPU = TcpFlags.fin | TcpFlags.psh | TcpFlags.urg;
const U1_SIZE = 300;

/** One TRAIT_OS_ bit, or 0. */
export function osTraits(packet: Packet): number {
  switch (packet.transport) {
    case Transport.tcp:
      return tcpTraits(packet);
    case Transport.icmp:
      return isEcho(packet) ? Trait.osIe : 0;
    case Transport.icmp6:
      return packet.icmpType === 128 && packet.icmpCode === 9 && packet.icmpSeq === 295
        ? Trait.osIe
        : 0;
    case Transport.udp:
      return isU1(packet) ? Trait.osU1 : 0;
    default:
      return 0;
  }
}

function tcpTraits(packet: Packet): number {
  if (packet.tcpWindow === 3 && packet.tcpUrgent === 0xf7f5) return Trait.osEcn;
  if (packet.tcpOptionsSize < 16 || !hasFullTimestamp(packet)) return 0;
  switch (packet.tcpFlags & SIX_FLAGS) {
    case TcpFlags.syn:
      return packet.tcpWindow === 31337
        ? Trait.osT5
        : isSeqWindow(packet.tcpWindow)
          ? Trait.osSeq
          : 0;
    case 0:
      return packet.tcpWindow === 128 ? Trait.osT2 : 0;
    case SFPU:
      return packet.tcpWindow === 256 ? Trait.osT3 : 0;
    case TcpFlags.ack:
      return packet.tcpWindow === 1024 ? Trait.osT4 : packet.tcpWindow === 32768 ? Trait.osT6 : 0;
    case FPU:
      return packet.tcpWindow === 65535 ? Trait.osT7 : 0;
    default:
      return 0;
  }
}

function isSeqWindow(window: number): boolean {
  return window === 1 || window === 63 || window === 4 || window === 16 || window === 512;
}

/** A time stamp option of value 0xffffffff and echo 0, wherever it stands. */
function hasFullTimestamp(packet: Packet): boolean {
  const { bytes, tcpOptionsAt: at, tcpOptionsSize: size } = packet;
  for (let offset = 0; offset + 10 <= size; offset++) {
    if (
      u16(bytes, at + offset) === 0x080a &&
      u32(bytes, at + offset + 2) === -1 &&
      u32(bytes, at + offset + 6) === 0
    ) {
      return true;
    }
  }
  return false;
}

/** The first IE probe has code 9 and sequence 295, the second TOS 4, sequence 296 and 150 bytes. */
function isEcho(packet: Packet): boolean {
  if (packet.icmpType !== 8) return false;
  return (
    (packet.icmpCode === 9 && packet.icmpSeq === 295) ||
    (packet.icmpCode === 0 &&
      packet.icmpSeq === 296 &&
      packet.tos === 4 &&
      packet.payloadWireSize === 150)
  );
}

function isU1(packet: Packet): boolean {
  return (
    packet.payloadWireSize === U1_SIZE &&
    packet.payloadSize >= 2 &&
    packet.bytes[packet.payloadAt] === 0x43 &&
    packet.bytes[packet.payloadAt + 1] === 0x43
  );
}
