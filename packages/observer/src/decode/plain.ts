/**
 * The frame that nearly all traffic is made of, in one pass: Ethernet, IPv4 without options or
 * fragments, TCP or UDP, and nothing wrong with it. Twin: `native/core/decode/plain.{h,cc}`.
 */
import { fold, judge16, sum16 } from './checksum.js';
import { GENEVE_PORT } from './geneve.js';
import { IpProtocol } from './ip.js';
import { Checksum, type Packet, Transport } from './packet.js';
import { tcpOptionsFit } from './tcp.js';
import { VXLAN_PORT } from './vxlan.js';
import { clearQuoted } from './walk.js';

/** Offsets from the frame's start; the protocols' own files say what the fields are. */
const TYPE_AT = 12;
const IP_AT = 14;
const TRANSPORT_AT = 34;
const TCP_HEADER_SIZE = 20;
const UDP_HEADER_SIZE = 8;
/** EtherType IPv4, then version 4 and a header of five words; the type of service follows. */
const PLAIN_TYPE = 0x080045;
const FLAG_RESERVED = 0x8000;
const FLAG_DONT_FRAGMENT = 0x4000;

/**
 * Decodes such frames as the walk would, to the field, in a third of its time. It knows what it has
 * left in its packet: what is the same in all plain frames is not written again.
 */
export class PlainDecoder {
  /** The packet holds nothing but what a plain frame has. */
  #isClean = false;
  /** The block that frames come from, and it as words. */
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(this.#bytes.buffer);

  constructor(private readonly packet: Packet) {}

  /** The walk is about to write the packet. */
  giveWay(): void {
    this.#isClean = false;
  }

  /**
   * The arguments are those of `Decoder.decode`, all of it inside `bytes`, and the link is
   * Ethernet. False for every frame that is not plain and sound: what is in the packet means
   * nothing then.
   */
  decode(bytes: Uint8Array, from: number, captured: number, wire: number, timeUs: number): boolean {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    const view = this.#view;
    if (captured < TRANSPORT_AT || view.getInt32(from + TYPE_AT) >>> 8 !== PLAIN_TYPE) return false;
    const at = from + IP_AT;
    const first = view.getInt32(at);
    const second = view.getInt32(at + 4);
    const third = view.getInt32(at + 8);
    const source = view.getInt32(at + 12);
    const target = view.getInt32(at + 16);
    const total = first & 0xffff;
    const flags = second & 0xffff;
    if (IP_AT + total > wire || (flags & ~(FLAG_RESERVED | FLAG_DONT_FRAGMENT)) !== 0) return false;
    const addresses = halves(source) + halves(target);
    if (fold(halves(first) + halves(second) + halves(third) + addresses) !== 0xffff) return false;
    if (source >>> 24 === 127 || source === target) return false;
    const packet = this.packet;
    packet.timeUs = timeUs;
    packet.bytes = bytes;
    packet.capturedSize = captured;
    packet.wireSize = wire;
    packet.src3 = source;
    packet.dst3 = target;
    packet.ttl = third >>> 24;
    packet.ipId = second >>> 16;
    packet.tos = (first >>> 16) & 0xff;
    packet.dontFragment = (flags & FLAG_DONT_FRAGMENT) !== 0;
    packet.ipReservedBit = (flags & FLAG_RESERVED) !== 0;
    packet.ipSize = total;
    packet.transportAt = from + TRANSPORT_AT;
    const protocol = (third >>> 16) & 0xff;
    packet.protocol = protocol;
    const end = from + Math.min(IP_AT + total, captured);
    const wireEnd = at + total;
    if (protocol === IpProtocol.tcp) return this.#decodeTcp(end, wireEnd, addresses);
    return protocol === IpProtocol.udp && this.#decodeUdp(end, wireEnd, addresses);
  }

  /** `end` and `wireEnd`: of the IP packet, of what was captured and on the wire. */
  #decodeTcp(end: number, wireEnd: number, addresses: number): boolean {
    const { packet } = this;
    const view = this.#view;
    const at = packet.transportAt;
    if (end < at + TCP_HEADER_SIZE) return false;
    const ports = view.getInt32(at);
    const seq = view.getInt32(at + 4);
    const ack = view.getInt32(at + 8);
    const offsetToWindow = view.getInt32(at + 12);
    const checksumAndUrgent = view.getInt32(at + 16);
    const payloadAt = at + (offsetToWindow >>> 28) * 4;
    const optionsAt = at + TCP_HEADER_SIZE;
    if (payloadAt < optionsAt || payloadAt > end) return false;
    if (!tcpOptionsFit(this.#bytes, optionsAt, payloadAt, payloadAt)) return false;
    packet.transport = Transport.tcp;
    packet.tcpSeq = seq;
    packet.tcpAck = ack;
    packet.tcpFlags = (offsetToWindow >>> 16) & 0x1ff;
    packet.tcpWindow = offsetToWindow & 0xffff;
    packet.tcpUrgent = checksumAndUrgent & 0xffff;
    packet.tcpOptionsAt = optionsAt;
    packet.tcpOptionsSize = payloadAt - optionsAt;
    if (!this.#writeEnds(ports, payloadAt, end, wireEnd)) return false;
    packet.transportChecksum = Checksum.unverified;
    if (end !== wireEnd) return true;
    let sum = halves(ports) + halves(seq) + halves(ack);
    sum += halves(offsetToWindow) + halves(checksumAndUrgent);
    for (let word = optionsAt; word < payloadAt; word += 4) sum += halves(view.getInt32(word));
    if (end > payloadAt) sum += sum16(this.#bytes, payloadAt, end);
    return this.#judge(addresses + IpProtocol.tcp + end - at, sum, checksumAndUrgent >>> 16);
  }

  #decodeUdp(end: number, wireEnd: number, addresses: number): boolean {
    const { packet } = this;
    const view = this.#view;
    const at = packet.transportAt;
    if (end < at + UDP_HEADER_SIZE) return false;
    const ports = view.getInt32(at);
    const sizeAndChecksum = view.getInt32(at + 4);
    const size = sizeAndChecksum >>> 16;
    if (size < UDP_HEADER_SIZE || at + size > wireEnd) return false;
    wireEnd = at + size;
    end = Math.min(end, wireEnd);
    packet.transport = Transport.udp;
    packet.tcpSeq = 0;
    packet.tcpAck = 0;
    packet.tcpFlags = 0;
    packet.tcpWindow = 0;
    packet.tcpUrgent = 0;
    packet.tcpOptionsAt = 0;
    packet.tcpOptionsSize = 0;
    if (!this.#writeEnds(ports, at + UDP_HEADER_SIZE, end, wireEnd)) return false;
    // A tunnel goes on inside, which is the walk's to do.
    if (packet.dstPort === VXLAN_PORT || packet.dstPort === GENEVE_PORT) return false;
    // RFC 768: 0 is "none".
    const observed = sizeAndChecksum & 0xffff;
    packet.transportChecksum = observed === 0 ? Checksum.right : Checksum.unverified;
    if (observed === 0 || end !== wireEnd) return true;
    const pseudo = addresses + IpProtocol.udp + end - at;
    return this.#judge(pseudo, sum16(this.#bytes, at, end), observed);
  }

  /** The ports and all that lies behind the transport header. False when a port is 0. */
  #writeEnds(ports: number, payloadAt: number, end: number, wireEnd: number): boolean {
    const { packet } = this;
    packet.srcPort = ports >>> 16;
    packet.dstPort = ports & 0xffff;
    packet.payloadAt = payloadAt;
    packet.payloadSize = end - payloadAt;
    packet.payloadWireSize = wireEnd - payloadAt;
    if (!this.#isClean) {
      clearRest(packet);
      this.#isClean = true;
    }
    return ports >>> 16 !== 0 && (ports & 0xffff) !== 0;
  }

  /** The verdict on the transport's checksum, of sums that are not folded. False: it is wrong. */
  #judge(pseudo: number, sum: number, observed: number): boolean {
    const covered = fold(pseudo + sum);
    const verdict = covered === 0xffff ? Checksum.right : judge16(observed, covered, fold(pseudo));
    this.packet.transportChecksum = verdict;
    return verdict <= Checksum.offload;
  }
}

function halves(word: number): number {
  return (word & 0xffff) + (word >>> 16);
}

/** What is the same in every plain frame, and what only other frames have. */
function clearRest(packet: Packet): void {
  packet.anomaliesLow = 0;
  packet.anomaliesHigh = 0;
  packet.tunnelKey = 0;
  packet.layerCount = 0;
  packet.ipVersion = 4;
  packet.src0 = 0;
  packet.src1 = 0;
  packet.src2 = 0xffff;
  packet.dst0 = 0;
  packet.dst1 = 0;
  packet.dst2 = 0xffff;
  packet.flowLabel = 0;
  packet.ipOptionsSize = 0;
  packet.ipChecksum = Checksum.right;
  packet.fragment = 0;
  packet.icmpType = 0;
  packet.icmpCode = 0;
  packet.icmpId = 0;
  packet.icmpSeq = 0;
  packet.sctpChunk = 0;
  packet.sctpTag = 0;
  if (packet.quotedVersion !== 0) clearQuoted(packet);
}
