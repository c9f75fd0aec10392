/**
 * Frames to facts: walks one frame through every layer to the innermost IP packet and its
 * transport. Twin: `native/core/decode/decoder.{h,cc}`.
 */
import { HASH_SEED } from '../base/hash.js';
import { limits } from '../base/limits.js';
import { LinkType } from '../base/link-types.js';
import { Anomaly, ANOMALY_NAMES } from './anomaly.js';
import { decodeErspan1, decodeErspan2, decodeErspan3 } from './erspan.js';
import { decodeEthernet } from './ethernet.js';
import { Fragments } from './fragments.js';
import { decodeGeneve } from './geneve.js';
import { decodeGre } from './gre.js';
import { decodeIcmp, decodeIcmp6 } from './icmp.js';
import { decodeIp } from './ip.js';
import { decodeIpv4 } from './ipv4.js';
import { decodeIpv6 } from './ipv6.js';
import { decodeLink } from './link.js';
import { decodeMpls } from './mpls.js';
import { Packet } from './packet.js';
import { PlainDecoder } from './plain.js';
import { decodePpp, decodePppoe } from './pppoe.js';
import { decodeSctp } from './sctp.js';
import { decodeTcp } from './tcp.js';
import { decodeUdp } from './udp.js';
import { decodeVlan } from './vlan.js';
import { decodeVxlan } from './vxlan.js';
import { clearIp, Layer, note, Walk } from './walk.js';

export class Decoder {
  /** Overwritten by every frame. */
  readonly packet = new Packet();
  /** Frames with each anomaly, by code. */
  readonly anomalyCounts = new Float64Array(ANOMALY_NAMES.length);
  readonly #walk = new Walk();
  readonly #plain = new PlainDecoder(this.packet);
  readonly #fragments: Fragments;

  constructor(fragmentsMax: number = limits.fragmentsMax) {
    this.#fragments = new Fragments(fragmentsMax);
  }

  /**
   * Decodes one frame into `packet`, whose offsets are those in `bytes`.
   * @param bytes Read only during the call and while `packet` is used, and only in the frame.
   * @param from Where the frame begins.
   * @param capturedSize Bytes present. @param wireSize Bytes the frame had; taken as at least that.
   * @param timeUs Microseconds since 1970. @param linkType A LINKTYPE value.
   * @returns Whether there is an IP packet to speak of (`packet.ipVersion` is set).
   */
  decode(
    bytes: Uint8Array,
    from: number,
    capturedSize: number,
    wireSize: number,
    timeUs: number,
    linkType: number,
  ): boolean {
    if (capturedSize > bytes.length - from) capturedSize = bytes.length - from;
    if (wireSize < capturedSize) wireSize = capturedSize;
    if (
      linkType === LinkType.ethernet &&
      this.#plain.decode(bytes, from, capturedSize, wireSize, timeUs)
    )
      return true;
    return this.decodeWalking(bytes, from, capturedSize, wireSize, timeUs, linkType);
  }

  /**
   * The same for any frame, layer by layer, `capturedSize` bytes being there and `wireSize` at
   * least that. `decode` takes this way when the short one does not do.
   */
  decodeWalking(
    bytes: Uint8Array,
    from: number,
    capturedSize: number,
    wireSize: number,
    timeUs: number,
    linkType: number,
  ): boolean {
    const packet = this.packet;
    const walk = this.#walk;
    this.#plain.giveWay();
    begin(packet, bytes, capturedSize, wireSize, timeUs);
    walk.bytes = bytes;
    walk.at = from;
    walk.end = from + capturedSize;
    walk.wireEnd = from + wireSize;
    walk.key = HASH_SEED | 0;
    walk.keyed = false;
    walk.partial = false;
    walk.rerouted = false;
    let layer = decodeLink(walk, packet, linkType);
    // Ends: every layer either stops or moves forward in a bounded frame, and `deeper` bounds them.
    while (layer !== Layer.stop) layer = decodeLayer(walk, packet, layer, this.#fragments);
    if (packet.ipVersion !== 0) checkAddresses(packet);
    if ((packet.anomaliesLow | packet.anomaliesHigh) !== 0) this.#count();
    return packet.ipVersion !== 0;
  }

  #count(): void {
    countBits(this.anomalyCounts, this.packet.anomaliesLow, 0);
    countBits(this.anomalyCounts, this.packet.anomaliesHigh, 32);
  }
}

function begin(
  packet: Packet,
  bytes: Uint8Array,
  capturedSize: number,
  wireSize: number,
  timeUs: number,
): void {
  clearIp(packet);
  packet.timeUs = timeUs;
  packet.bytes = bytes;
  packet.capturedSize = capturedSize;
  packet.wireSize = wireSize;
  packet.anomaliesLow = 0;
  packet.anomaliesHigh = 0;
  packet.tunnelKey = 0;
  packet.layerCount = 0;
}

function decodeLayer(walk: Walk, packet: Packet, layer: Layer, fragments: Fragments): Layer {
  switch (layer) {
    case Layer.ethernet:
      return decodeEthernet(walk, packet);
    case Layer.vlan:
      return decodeVlan(walk, packet);
    case Layer.mpls:
      return decodeMpls(walk, packet);
    case Layer.pppoe:
      return decodePppoe(walk, packet);
    case Layer.ppp:
      return decodePpp(walk, packet);
    case Layer.ip:
      return decodeIp(walk, packet);
    case Layer.ipv4:
      return decodeIpv4(walk, packet, fragments);
    case Layer.ipv6:
      return decodeIpv6(walk, packet, fragments);
    case Layer.gre:
      return decodeGre(walk, packet);
    case Layer.erspan1:
      return decodeErspan1(walk, packet);
    case Layer.erspan2:
      return decodeErspan2(walk, packet);
    case Layer.erspan3:
      return decodeErspan3(walk, packet);
    case Layer.tcp:
      return decodeTcp(walk, packet);
    case Layer.udp:
      return decodeUdp(walk, packet);
    case Layer.icmp:
      return decodeIcmp(walk, packet);
    case Layer.icmp6:
      return decodeIcmp6(walk, packet);
    case Layer.sctp:
      return decodeSctp(walk, packet);
    case Layer.vxlan:
      return decodeVxlan(walk, packet);
    case Layer.geneve:
      return decodeGeneve(walk, packet);
    default:
      return Layer.stop;
  }
}

/**
 * Source equals destination (a LAND packet), or a loopback source talking to somebody else. On a
 * loopback interface both ends are loopback, which is as it should be.
 */
function checkAddresses(packet: Packet): void {
  const loopbackSource = isLoopback(packet, packet.src0, packet.src1, packet.src2, packet.src3);
  const loopbackTarget = isLoopback(packet, packet.dst0, packet.dst1, packet.dst2, packet.dst3);
  if (loopbackSource) {
    if (!loopbackTarget) note(packet, Anomaly.addressMartian);
  } else if (
    packet.src3 === packet.dst3 &&
    packet.src2 === packet.dst2 &&
    packet.src1 === packet.dst1 &&
    packet.src0 === packet.dst0
  )
    note(packet, Anomaly.addressMartian);
}

function isLoopback(packet: Packet, w0: number, w1: number, w2: number, w3: number): boolean {
  if (packet.ipVersion === 4) return w3 >>> 24 === 127;
  return w0 === 0 && w1 === 0 && w2 === 0 && w3 === 1;
}

function countBits(counts: Float64Array, bits: number, base: number): void {
  while (bits !== 0) {
    const lowest = bits & -bits;
    counts[base + 31 - Math.clz32(lowest)]++;
    bits ^= lowest;
  }
}
