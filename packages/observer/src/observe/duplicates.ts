/**
 * Removes the copies a span port makes: the same packet seen again within `DUPLICATE_WINDOW_US`,
 * even one hop further (TTL and header checksum are left out). A direct-mapped ring of 64-bit
 * hashes over the invariant fields; a real retransmission differs in its IP id, or comes later.
 * Twin: `duplicates.h`.
 */
import { finish, HASH_SEED, mix } from '../base/hash.js';
import { powerOfTwoAtLeast } from '../base/power-of-two.js';
import { type Packet, Transport } from '../decode/packet.js';

/**
 * Copies of one packet arrive within microseconds; TCP's shortest retransmission is 200 ms away.
 */
export const DUPLICATE_WINDOW_US = 20_000;
/** Payload bytes looked at where no sequence number tells packets apart: a DNS header and more. */
const PAYLOAD_SIZE_MAX = 16;
/** FNV's offset basis and prime, for the second half of the key: any other hash would do. */
const FNV_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

export class Duplicates {
  private readonly mask: number;
  private readonly first: Int32Array;
  private readonly second: Int32Array;
  private readonly timeUs: Float64Array;

  /** `slotCount` is rounded up to a power of two. */
  constructor(slotCount: number) {
    const size = powerOfTwoAtLeast(slotCount);
    this.mask = size - 1;
    this.first = new Int32Array(size);
    this.second = new Int32Array(size);
    this.timeUs = new Float64Array(size).fill(-1e15);
  }

  /** True when this packet was seen a moment ago; remembers it otherwise. */
  isCopy(packet: Packet): boolean {
    const ip = (packet.ipId << 8) ^ packet.protocol ^ (packet.fragment << 24);
    const ports = (packet.srcPort << 16) | packet.dstPort;
    const sizes = (packet.ipSize << 16) ^ packet.payloadWireSize;
    let a: number;
    let b: number;
    let c: number;
    if (packet.transport === Transport.tcp) {
      a = packet.tcpSeq;
      b = packet.tcpAck;
      c = (packet.tcpFlags << 16) | packet.tcpWindow;
    } else {
      a = (packet.icmpType << 24) | (packet.icmpCode << 16) | packet.icmpId;
      b = (packet.icmpSeq << 16) ^ packet.sctpTag ^ packet.sctpChunk;
      c = payloadHash(packet);
    }
    const addresses = addressesHash(packet);
    const header = mix(mix(mix(addresses, ip), ports), sizes);
    const one = finish(mix(mix(mix(header, a), b), c));
    const rest = fold(fold(fold(FNV_BASIS, addresses), packet.src3), packet.dst3);
    const two = fold(fold(fold(fold(fold(fold(rest, ip), ports), sizes), a), b), c);
    const slot = one & this.mask;
    const age = packet.timeUs - this.timeUs[slot];
    if (
      this.first[slot] === one &&
      this.second[slot] === two &&
      age <= DUPLICATE_WINDOW_US &&
      age >= -DUPLICATE_WINDOW_US
    )
      return true;
    this.first[slot] = one;
    this.second[slot] = two;
    this.timeUs[slot] = packet.timeUs;
    return false;
  }
}

function addressesHash(packet: Packet): number {
  let hash = mix(HASH_SEED, packet.tunnelKey);
  if (packet.ipVersion === 6) {
    hash = mix(mix(mix(hash, packet.src0), packet.src1), packet.src2);
    hash = mix(mix(mix(hash, packet.dst0), packet.dst1), packet.dst2);
  }
  return mix(mix(hash, packet.src3), packet.dst3);
}

function payloadHash(packet: Packet): number {
  const end = packet.payloadAt + Math.min(PAYLOAD_SIZE_MAX, packet.payloadSize);
  let hash = FNV_BASIS;
  for (let at = packet.payloadAt; at < end; at++) hash = fold(hash, packet.bytes[at]);
  return hash;
}

function fold(hash: number, word: number): number {
  return Math.imul(hash ^ word, FNV_PRIME);
}
