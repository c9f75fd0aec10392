/**
 * Removes the copies a span port makes: the same packet seen again within `DUPLICATE_WINDOW_US`,
 * even one hop further (TTL and header checksum are left out). A direct-mapped ring of what no span
 * port changes: addresses, ports and numbers as they are and not their hash, so that nobody can
 * make a probe that is taken for another one's copy. A real retransmission differs in its IP id, or
 * comes later. Twin: `duplicates.h`.
 */
import { HASH_SEED } from '../base/hash.js';
import { powerOfTwoAtLeast } from '../base/power-of-two.js';
import { type Packet, Transport } from '../decode/packet.js';
import { addressHash } from './address-index.js';

/**
 * Copies of one packet arrive within microseconds; TCP's shortest retransmission is 200 ms away.
 */
export const DUPLICATE_WINDOW_US = 20_000;
/** Payload bytes looked at where no sequence number tells packets apart: a DNS header and more. */
const PAYLOAD_SIZE_MAX = 16;
/** FNV's offset basis and prime. */
const FNV_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** Words of a slot. */
const Word = {
  source: 0,
  target: 1,
  ports: 2,
  ip: 3,
  /** What else tells packets of the protocol apart, ... */
  first: 4,
  /** ... as this. */
  second: 5,
  /** A hash of all that is left. */
  rest: 6,
  /** Microseconds, the low half: it comes round after 71 minutes. */
  timeUs: 7,
} as const;
const WORDS = 8;

export class Duplicates {
  /** What is left of a hash after this shift is the number of a slot. */
  private readonly shift: number;
  /** The hash of what each slot holds: slots are far from the processor, tags are not. */
  private readonly tags: Int32Array;
  private readonly slots: Int32Array;

  /** `slotCount` is rounded up to a power of two, two at least. */
  constructor(slotCount: number) {
    const size = powerOfTwoAtLeast(Math.max(2, slotCount));
    this.shift = 32 - Math.log2(size);
    this.tags = new Int32Array(size);
    this.slots = new Int32Array(size * WORDS);
  }

  /** True when this packet was seen a moment ago; remembers it otherwise. */
  isCopy(packet: Packet): boolean {
    const isTcp = packet.transport === Transport.tcp;
    const source = (packet.ipVersion === 6 ? sourceHash(packet) : packet.src3) | 0;
    const target = (packet.ipVersion === 6 ? targetHash(packet) : packet.dst3) | 0;
    const ports = (packet.srcPort << 16) | packet.dstPort;
    const ip = (packet.ipId << 8) ^ packet.protocol ^ (packet.fragment << 24);
    const first = (isTcp ? packet.tcpSeq : icmpWord(packet)) | 0;
    const second =
      (isTcp ? packet.tcpAck : (packet.icmpSeq << 16) ^ packet.sctpTag ^ packet.sctpChunk) | 0;
    const third = isTcp ? (packet.tcpFlags << 16) | packet.tcpWindow : payloadHash(packet);
    const sizes = (packet.ipSize << 16) ^ packet.payloadWireSize;
    const rest =
      (Math.imul(third, 0x9e3779b1) + Math.imul(sizes, 0x85ebca77) + (packet.tunnelKey | 0)) | 0;
    const timeUs = packet.timeUs | 0;
    const slots = this.slots;
    const hash = hashOf(source, target, ports, ip, first, second, rest);
    // The upper bits of a sum of products are the ones that all of it decides.
    const slot = hash >>> this.shift;
    const at = slot * WORDS;
    if (
      this.tags[slot] === hash &&
      slots[at + Word.first] === first &&
      slots[at + Word.target] === target &&
      slots[at + Word.source] === source &&
      slots[at + Word.ports] === ports &&
      slots[at + Word.ip] === ip &&
      slots[at + Word.second] === second &&
      slots[at + Word.rest] === rest &&
      wasJustNow(slots[at + Word.timeUs], timeUs)
    )
      return true;
    this.tags[slot] = hash;
    slots[at + Word.source] = source;
    slots[at + Word.target] = target;
    slots[at + Word.ports] = ports;
    slots[at + Word.ip] = ip;
    slots[at + Word.first] = first;
    slots[at + Word.second] = second;
    slots[at + Word.rest] = rest;
    slots[at + Word.timeUs] = timeUs;
    return false;
  }
}

/** Either may be the earlier one: a capture's time stamps need not be in order. */
function wasJustNow(seenUs: number, nowUs: number): boolean {
  return (nowUs - seenUs + DUPLICATE_WINDOW_US) >>> 0 <= 2 * DUPLICATE_WINDOW_US;
}

/**
 * Products that do not wait for each other. Packets that share a slot are all that a poor hash
 * would cost.
 */
function hashOf(
  source: number,
  target: number,
  ports: number,
  ip: number,
  first: number,
  second: number,
  rest: number,
): number {
  const addresses = (Math.imul(source, 0x9e3779b1) + Math.imul(target, 0x85ebca77)) | 0;
  const headers = (Math.imul(ports, 0xc2b2ae3d) + Math.imul(ip, 0x27d4eb2f)) | 0;
  const numbers = (Math.imul(first, 0x165667b1) + Math.imul(second, 0xd3a2646d)) | 0;
  return (((addresses + headers) | 0) + ((numbers + Math.imul(rest, 0xfd7046c5)) | 0)) | 0;
}

function sourceHash(packet: Packet): number {
  return addressHash(HASH_SEED, packet.src0, packet.src1, packet.src2, packet.src3) | 0;
}

function targetHash(packet: Packet): number {
  return addressHash(HASH_SEED, packet.dst0, packet.dst1, packet.dst2, packet.dst3) | 0;
}

function icmpWord(packet: Packet): number {
  return (packet.icmpType << 24) | (packet.icmpCode << 16) | packet.icmpId;
}

function payloadHash(packet: Packet): number {
  const end = packet.payloadAt + Math.min(PAYLOAD_SIZE_MAX, packet.payloadSize);
  let hash = FNV_BASIS;
  for (let at = packet.payloadAt; at < end; at++) {
    hash = Math.imul(hash ^ packet.bytes[at], FNV_PRIME);
  }
  return hash;
}
