/** TCP (RFC 9293 §3.1). Twin: `native/core/decode/tcp.{h,cc}`. */
import { Anomaly } from './anomaly.js';
import { fold, judge16, pseudoSum, sum16 } from './checksum.js';
import { IpProtocol } from './ip.js';
import { Checksum, type Packet, Transport } from './packet.js';
import { Layer, note, setPayload, stop, u16, u32, type Walk } from './walk.js';

const HEADER_SIZE = 20;
const SEQ_AT = 4;
const ACK_AT = 8;
const OFFSET_AT = 12;
const WINDOW_AT = 14;
const CHECKSUM_AT = 16;
const URGENT_AT = 18;
const OPTION_END = 0;
const OPTION_NOP = 1;
/** NOP, NOP, timestamps of 10 bytes: what nearly every packet of a connection carries. */
const USUAL_OPTIONS = 0x0101080a;

export function decodeTcp(walk: Walk, packet: Packet): Layer {
  const { bytes, at } = walk;
  if (walk.end - at < HEADER_SIZE) return stop(packet, Anomaly.tcpTruncated);
  const headerSize = (bytes[at + OFFSET_AT] >>> 4) * 4;
  if (headerSize < HEADER_SIZE || (headerSize > walk.wireEnd - at && !walk.partial)) {
    return stop(packet, Anomaly.tcpHeaderLength);
  }
  packet.transport = Transport.tcp;
  packet.srcPort = u16(bytes, at);
  packet.dstPort = u16(bytes, at + 2);
  packet.tcpSeq = u32(bytes, at + SEQ_AT);
  packet.tcpAck = u32(bytes, at + ACK_AT);
  packet.tcpFlags = u16(bytes, at + OFFSET_AT) & 0x1ff;
  packet.tcpWindow = u16(bytes, at + WINDOW_AT);
  packet.tcpUrgent = u16(bytes, at + URGENT_AT);
  const optionsEnd = Math.min(at + headerSize, walk.end);
  packet.tcpOptionsAt = at + HEADER_SIZE;
  packet.tcpOptionsSize = optionsEnd - at - HEADER_SIZE;
  if (!tcpOptionsFit(bytes, at + HEADER_SIZE, at + headerSize, optionsEnd)) {
    note(packet, Anomaly.tcpOptionLength);
  }
  if (packet.srcPort === 0 || packet.dstPort === 0) note(packet, Anomaly.portZero);
  packet.transportChecksum = verdict(walk, packet);
  setPayload(walk, packet, at + headerSize);
  return Layer.stop;
}

function verdict(walk: Walk, packet: Packet): Checksum {
  const { bytes, at, end } = walk;
  if (walk.partial || walk.rerouted || end !== walk.wireEnd) return Checksum.unverified;
  const pseudo = pseudoSum(packet, IpProtocol.tcp, end - at);
  const covered = fold(pseudo + sum16(bytes, at, end));
  const result = judge16(u16(bytes, at + CHECKSUM_AT), covered, pseudo);
  if (result > Checksum.offload) note(packet, Anomaly.tcpChecksum);
  return result;
}

/**
 * Walks the options in `bytes[at..end)`, of which those up to `seen` are there, for their lengths,
 * RFC 9293 §3.1: 0 and 1 are illegal for kinds other than 0 and 1. Options behind the snapshot are
 * not judged.
 */
export function tcpOptionsFit(bytes: Uint8Array, at: number, end: number, seen: number): boolean {
  if (seen - at === 12 && u32(bytes, at) === USUAL_OPTIONS) return true;
  while (at < seen) {
    const kind = bytes[at];
    if (kind === OPTION_END) return true;
    if (kind === OPTION_NOP) {
      at++;
      continue;
    }
    if (at + 1 >= seen && seen < end) return true;
    const size = at + 1 < seen ? bytes[at + 1] : 0;
    if (size < 2 || at + size > end) return false;
    at += size;
  }
  return true;
}
