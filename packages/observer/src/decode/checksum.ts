/**
 * Internet checksums (RFC 1071) and CRC32c (RFC 9260 appendix A), and the verdict on what a field
 * holds: a packet with a wrong sum is evidence, so it matters in which way it is wrong.
 * Twin: `native/core/decode/checksum.{h,cc}`.
 */
import { Checksum, type Packet } from './packet.js';

/**
 * Bytes summed before folding: 4,096 words of at most 0xffff stay below 2^31 in int32 arithmetic.
 */
const FOLD_SIZE = 8192;

/** From here on, setting up the sum by words costs less than it saves. */
const WORDS_SIZE_MIN = 64;
const IS_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** The last buffer summed, and it as words: frames come from the same block again and again. */
let viewed: ArrayBufferLike | undefined;
let words: Uint32Array = new Uint32Array(0);

/**
 * One's complement sum of `bytes[at..end)`, folded to 16 bits, not complemented. An odd last byte
 * counts as the high one.
 */
export function sum16(bytes: Uint8Array, at: number, end: number): number {
  if (IS_LITTLE_ENDIAN && end - at >= WORDS_SIZE_MIN) return sumWords(bytes, at, end);
  let sum = 0;
  const even = at + ((end - at) & ~1);
  while (at < even) {
    const until = Math.min(at + FOLD_SIZE, even);
    for (; at < until; at += 2) sum += (bytes[at] << 8) | bytes[at + 1];
    sum = (sum & 0xffff) + (sum >>> 16);
  }
  if (at < end) sum += bytes[at] << 8;
  return fold(sum);
}

/**
 * The same four bytes at a time, in the host's order, which RFC 1071 §2 (B) allows. Words lie at
 * multiples of four: what is before and behind is added by bytes. Where they begin at an odd byte,
 * host order and network order change places.
 */
function sumWords(bytes: Uint8Array, at: number, end: number): number {
  if (bytes.buffer !== viewed) {
    viewed = bytes.buffer;
    words = new Uint32Array(viewed, 0, viewed.byteLength >>> 2);
  }
  const base = bytes.byteOffset;
  const isOdd = ((base + at) & 1) !== 0;
  let rest = isOdd ? bytes[at++] << 8 : 0;
  let sum = 0;
  if (((base + at) & 2) !== 0) {
    sum += bytes[at] | (bytes[at + 1] << 8);
    at += 2;
  }
  const first = (base + at) >>> 2;
  const count = (end - at) >>> 2;
  sum += foldWords(addWords(words, first, first + count));
  at += count * 4;
  if (end - at >= 2) {
    sum += bytes[at] | (bytes[at + 1] << 8);
    at += 2;
  }
  sum = fold(sum);
  // The last byte is the high one of a pair whose low one is not there.
  if (at < end) rest += isOdd ? bytes[at] : bytes[at] << 8;
  return fold((isOdd ? sum : ((sum & 0xff) << 8) | (sum >>> 8)) + rest);
}

/** Plain sum of `data[at..end)`: exact up to two million words, 2^53. */
function addWords(data: Uint32Array, at: number, end: number): number {
  let even = 0;
  let odd = 0;
  for (const last = end - 3; at < last; at += 4) {
    even += data[at] + data[at + 1];
    odd += data[at + 2] + data[at + 3];
  }
  for (; at < end; at++) even += data[at];
  return even + odd;
}

/** A sum below 2^53 to 16 bits: 2^16 is 1 in one's complement. */
function foldWords(sum: number): number {
  const low = sum >>> 0;
  const high = (sum - low) / 0x1_0000_0000;
  return fold((low & 0xffff) + (low >>> 16) + (high & 0xffff) + (high >>> 16));
}

export function fold(sum: number): number {
  sum = (sum & 0xffff) + (sum >>> 16);
  return (sum & 0xffff) + (sum >>> 16);
}

/**
 * Folded sum of the pseudo-header of the packet's innermost addresses, RFC 9293 §3.1, RFC 8200
 * §8.1.
 */
export function pseudoSum(packet: Packet, protocol: number, size: number): number {
  let sum = protocol + (size & 0xffff) + (size >>> 16) + halves(packet.src3) + halves(packet.dst3);
  if (packet.ipVersion === 6) {
    sum += halves(packet.src0) + halves(packet.src1) + halves(packet.src2);
    sum += halves(packet.dst0) + halves(packet.dst1) + halves(packet.dst2);
  }
  return fold(sum);
}

function halves(word: number): number {
  return (word & 0xffff) + (word >>> 16);
}

/**
 * The verdict on a 16-bit checksum field.
 * @param observed The field as read.
 * @param covered Folded sum of everything it covers, pseudo-header and field included.
 * @param pseudo Folded pseudo-header sum, which is what Linux leaves in the field for a NIC with
 * transmit offload to complete (include/linux/skbuff.h, CHECKSUM_PARTIAL); -1 when the protocol
 * has none.
 */
export function judge16(observed: number, covered: number, pseudo: number): Checksum {
  if (covered === 0xffff) return Checksum.right;
  if (observed === pseudo) return Checksum.offload;
  const correct = ~fold(covered + (~observed & 0xffff)) & 0xffff;
  // Nmap subtracts one from the field as a little-endian host reads it (tcpip.cc, `--sum`); for UDP
  // a result of 0 becomes 0xffff.
  const decremented = (swap16(correct) - 1) & 0xffff;
  if (swap16(observed) === decremented) return Checksum.nmapBadsum;
  if (decremented === 0 && observed === 0xffff) return Checksum.nmapBadsum;
  return Checksum.wrong;
}

function swap16(value: number): number {
  return ((value & 0xff) << 8) | (value >>> 8);
}

/** Reflected polynomial of CRC32c, RFC 9260 appendix A. */
const CRC32C_POLYNOMIAL = 0x82f63b78;
const CRC32C_TABLE = Int32Array.from({ length: 256 }, (_, index) => {
  let crc = index;
  for (let bit = 0; bit < 8; bit++)
    crc = (crc & 1) !== 0 ? (crc >>> 1) ^ CRC32C_POLYNOMIAL : crc >>> 1;
  return crc | 0;
});

/** Feeds `bytes[at..end)` to a running CRC; start with -1, complement at the end. int32. */
export function crc32c(crc: number, bytes: Uint8Array, at: number, end: number): number {
  for (; at < end; at++) crc = CRC32C_TABLE[(crc ^ bytes[at]) & 0xff] ^ (crc >>> 8);
  return crc;
}

/** ... and `count` zero bytes, which stand for the checksum field itself. */
export function crc32cZeros(crc: number, count: number): number {
  for (; count > 0; count--) crc = CRC32C_TABLE[crc & 0xff] ^ (crc >>> 8);
  return crc;
}
