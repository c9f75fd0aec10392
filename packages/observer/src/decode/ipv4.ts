/** IPv4 (RFC 791 §3.1). Twin: `native/core/decode/ipv4.{h,cc}`. */
import { Anomaly } from './anomaly.js';
import { sum16 } from './checksum.js';
import type { Fragments } from './fragments.js';
import { layerOfProtocol } from './ip.js';
import { Checksum, type Packet } from './packet.js';
import { enterIp, Layer, note, setOther, stop, u16, u32, type Walk } from './walk.js';

const HEADER_SIZE = 20;
const TOTAL_AT = 2;
const ID_AT = 4;
const FRAGMENT_AT = 6;
const TTL_AT = 8;
const PROTOCOL_AT = 9;
const CHECKSUM_AT = 10;
const SRC_AT = 12;
const DST_AT = 16;
const FLAG_RESERVED = 0x8000;
const FLAG_DONT_FRAGMENT = 0x4000;
const FLAG_MORE = 0x2000;
const OFFSET_MASK = 0x1fff;
const OPTION_END = 0;
const OPTION_NOP = 1;
/** Loose and strict source route, RFC 791 §3.1: pointer at 2, past the length when used up. */
const OPTION_LSRR = 131;
const OPTION_SSRR = 137;

export function decodeIpv4(walk: Walk, packet: Packet, fragments: Fragments): Layer {
  const { bytes, at } = walk;
  if (walk.end - at < HEADER_SIZE) return stop(packet, Anomaly.ipv4Truncated);
  if (bytes[at] >>> 4 !== 4) return stop(packet, Anomaly.ipVersion);
  const headerSize = (bytes[at] & 15) * 4;
  const wireSize = walk.wireEnd - at;
  if (headerSize < HEADER_SIZE) return stop(packet, Anomaly.ipv4HeaderLength);
  if (headerSize > wireSize && !walk.partial) return stop(packet, Anomaly.ipv4HeaderLength);
  if (headerSize > walk.end - at) return stop(packet, Anomaly.ipv4Truncated);
  let total = u16(bytes, at + TOTAL_AT);
  // A frame handed to the NIC for segmentation may exceed the field; Linux then writes 0.
  if (total === 0) total = wireSize;
  if (total < headerSize) return stop(packet, Anomaly.ipv4TotalLength);
  enterIp(walk, packet);
  writeFacts(walk, packet, headerSize, total);
  clip(walk, packet, at + total);
  if (headerSize > HEADER_SIZE) checkOptions(walk, packet, at + HEADER_SIZE, at + headerSize);
  const protocol = bytes[at + PROTOCOL_AT];
  const fragment = u16(bytes, at + FRAGMENT_AT);
  walk.at = at + headerSize;
  setOther(walk, packet, protocol);
  if ((fragment & (FLAG_MORE | OFFSET_MASK)) !== 0) {
    const offset = (fragment & OFFSET_MASK) * 8;
    if (!fragments.accept(walk, packet, offset, (fragment & FLAG_MORE) !== 0)) return Layer.stop;
  }
  return layerOfProtocol(packet, protocol, 4);
}

/** Ends the layer where the packet says: what follows is padding, what is missing is noted. */
function clip(walk: Walk, packet: Packet, wireEnd: number): void {
  if (wireEnd > walk.wireEnd) {
    if (!walk.partial) note(packet, Anomaly.ipv4TotalLength);
    walk.partial = true;
    return;
  }
  // The packet is whole although an outer layer was not: its own lengths and sums can be checked.
  walk.wireEnd = wireEnd;
  walk.partial = false;
  if (walk.end > wireEnd) walk.end = wireEnd;
}

function writeFacts(walk: Walk, packet: Packet, headerSize: number, total: number): void {
  const { bytes, at } = walk;
  const fragment = u16(bytes, at + FRAGMENT_AT);
  packet.ipVersion = 4;
  packet.src2 = 0xffff;
  packet.src3 = u32(bytes, at + SRC_AT);
  packet.dst2 = 0xffff;
  packet.dst3 = u32(bytes, at + DST_AT);
  packet.tos = bytes[at + 1];
  packet.ttl = bytes[at + TTL_AT];
  packet.ipId = u16(bytes, at + ID_AT);
  packet.dontFragment = (fragment & FLAG_DONT_FRAGMENT) !== 0;
  packet.ipReservedBit = (fragment & FLAG_RESERVED) !== 0;
  packet.ipOptionsSize = headerSize - HEADER_SIZE;
  packet.ipSize = total;
  packet.ipChecksum = headerVerdict(walk, packet, headerSize);
}

function headerVerdict(walk: Walk, packet: Packet, headerSize: number): Checksum {
  const { bytes, at } = walk;
  if (sum16(bytes, at, at + headerSize) === 0xffff) return Checksum.right;
  // Offloading senders leave the field 0 for the NIC.
  if (u16(bytes, at + CHECKSUM_AT) === 0) return Checksum.offload;
  note(packet, Anomaly.ipv4Checksum);
  return Checksum.wrong;
}

/** Walks the options for their lengths, and for a source route with stations left. */
function checkOptions(walk: Walk, packet: Packet, at: number, end: number): void {
  const { bytes } = walk;
  while (at < end) {
    const kind = bytes[at];
    if (kind === OPTION_END) return;
    if (kind === OPTION_NOP) {
      at++;
      continue;
    }
    const size = at + 1 < end ? bytes[at + 1] : 0;
    if (size < 2 || at + size > end) {
      note(packet, Anomaly.ipv4OptionLength);
      return;
    }
    if ((kind === OPTION_LSRR || kind === OPTION_SSRR) && size > 2 && bytes[at + 2] <= size) {
      walk.rerouted = true;
    }
    at += size;
  }
}
