/** ICMP (RFC 792) and ICMPv6 (RFC 4443). Twin: `native/core/decode/icmp.{h,cc}`. */
import { Anomaly } from './anomaly.js';
import { fold, judge16, pseudoSum, sum16 } from './checksum.js';
import { IpProtocol } from './ip.js';
import { decodeQuote } from './icmp-quote.js';
import { Checksum, type Packet, Transport } from './packet.js';
import { Layer, note, setPayload, u16, type Walk } from './walk.js';

/**
 * Type u8, code u8, checksum u16, then four bytes by type: id and sequence number of echo and
 * alike.
 */
const HEADER_SIZE = 8;
const CHECKSUM_AT = 2;
const ID_AT = 4;
const SEQ_AT = 6;
/** ICMP has no pseudo-header, hence nothing a NIC would be handed. */
const NO_PSEUDO = -1;

export function decodeIcmp(walk: Walk, packet: Packet): Layer {
  if (!readHeader(walk, packet, Transport.icmp)) return Layer.stop;
  packet.transportChecksum = verdict(walk, packet, 0, NO_PSEUDO);
  walk.at += HEADER_SIZE;
  if (isError4(packet.icmpType)) decodeQuote(walk, packet);
  else if (isEchoLike4(packet.icmpType)) readIds(walk, packet);
  return Layer.stop;
}

export function decodeIcmp6(walk: Walk, packet: Packet): Layer {
  if (!readHeader(walk, packet, Transport.icmp6)) return Layer.stop;
  if (!walk.rerouted) {
    const pseudo = pseudoSum(packet, IpProtocol.icmp6, walk.wireEnd - walk.at);
    packet.transportChecksum = verdict(walk, packet, pseudo, pseudo);
  }
  walk.at += HEADER_SIZE;
  // RFC 4443 §2.1: error types are those below 128, of which 1 to 4 are defined.
  if (packet.icmpType >= 1 && packet.icmpType <= 4) decodeQuote(walk, packet);
  else if (packet.icmpType === 128 || packet.icmpType === 129) readIds(walk, packet);
  return Layer.stop;
}

function readHeader(walk: Walk, packet: Packet, transport: Transport): boolean {
  const { bytes, at } = walk;
  if (walk.end - at < HEADER_SIZE) {
    note(packet, Anomaly.icmpTruncated);
    return false;
  }
  packet.transport = transport;
  packet.icmpType = bytes[at];
  packet.icmpCode = bytes[at + 1];
  setPayload(walk, packet, at + HEADER_SIZE);
  return true;
}

/** `walk.at` is behind the header. */
function readIds(walk: Walk, packet: Packet): void {
  packet.icmpId = u16(walk.bytes, walk.at - HEADER_SIZE + ID_AT);
  packet.icmpSeq = u16(walk.bytes, walk.at - HEADER_SIZE + SEQ_AT);
}

function verdict(walk: Walk, packet: Packet, pseudo: number, offload: number): Checksum {
  const { bytes, at, end } = walk;
  if (walk.partial || end !== walk.wireEnd) return Checksum.unverified;
  const covered = fold(pseudo + sum16(bytes, at, end));
  const result = judge16(u16(bytes, at + CHECKSUM_AT), covered, offload);
  if (result > Checksum.offload) note(packet, Anomaly.icmpChecksum);
  return result;
}

/** Unreachable, source quench, redirect, time exceeded, parameter problem: RFC 792. */
function isError4(type: number): boolean {
  return (type >= 3 && type <= 5) || type === 11 || type === 12;
}

/** Echo 0 and 8, timestamp 13 and 14, information 15 and 16 (RFC 792), mask 17 and 18 (RFC 950). */
function isEchoLike4(type: number): boolean {
  return type === 0 || type === 8 || (type >= 13 && type <= 18);
}
