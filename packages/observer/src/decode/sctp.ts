/** SCTP (RFC 9260 §3). Twin: `native/core/decode/sctp.{h,cc}`. */
import { Anomaly } from './anomaly.js';
import { crc32c, crc32cZeros } from './checksum.js';
import { Checksum, type Packet, Transport } from './packet.js';
import { Layer, note, setPayload, stop, u16, u32, type Walk } from './walk.js';

/** Ports u16 u16, verification tag u32, CRC32c u32, then chunks: type u8, flags u8, length u16. */
const HEADER_SIZE = 12;
const TAG_AT = 4;
const CHECKSUM_AT = 8;
const CHUNK_HEADER_SIZE = 4;

export function decodeSctp(walk: Walk, packet: Packet): Layer {
  const { bytes, at, end } = walk;
  if (end - at < HEADER_SIZE + CHUNK_HEADER_SIZE) return stop(packet, Anomaly.sctpTruncated);
  const chunkAt = at + HEADER_SIZE;
  packet.transport = Transport.sctp;
  packet.srcPort = u16(bytes, at);
  packet.dstPort = u16(bytes, at + 2);
  packet.sctpTag = u32(bytes, at + TAG_AT);
  packet.sctpChunk = bytes[chunkAt];
  const chunkSize = u16(bytes, chunkAt + 2);
  if (chunkSize < CHUNK_HEADER_SIZE || (chunkSize > walk.wireEnd - chunkAt && !walk.partial)) {
    note(packet, Anomaly.sctpChunkLength);
  }
  if (packet.srcPort === 0 || packet.dstPort === 0) note(packet, Anomaly.portZero);
  packet.transportChecksum = verdict(walk, packet);
  setPayload(walk, packet, chunkAt);
  return Layer.stop;
}

function verdict(walk: Walk, packet: Packet): Checksum {
  const { bytes, at, end } = walk;
  if (walk.partial || end !== walk.wireEnd) return Checksum.unverified;
  let crc = crc32c(-1, bytes, at, at + CHECKSUM_AT);
  crc = crc32cZeros(crc, 4);
  const correct = ~crc32c(crc, bytes, at + HEADER_SIZE, end);
  // The CRC travels least significant byte first, RFC 9260 appendix A.
  const observed = swap32(u32(bytes, at + CHECKSUM_AT));
  if (observed === correct) return Checksum.right;
  if (observed === 0) return Checksum.offload; // what Linux leaves for the NIC to fill
  note(packet, Anomaly.sctpChecksum);
  // Nmap decrements the field as a little-endian host reads it (tcpip.cc, `--sctp->sh_sum`).
  return observed === ((correct - 1) | 0) ? Checksum.nmapBadsum : Checksum.wrong;
}

function swap32(value: number): number {
  return (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24);
}
