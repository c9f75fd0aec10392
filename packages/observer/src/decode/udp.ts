/** UDP (RFC 768). Twin: `native/core/decode/udp.{h,cc}`. */
import { Anomaly } from './anomaly.js';
import { fold, judge16, pseudoSum, sum16 } from './checksum.js';
import { GENEVE_PORT } from './geneve.js';
import { IpProtocol } from './ip.js';
import { Checksum, type Packet, Transport } from './packet.js';
import { VXLAN_PORT } from './vxlan.js';
import { Layer, note, setPayload, stop, u16, type Walk } from './walk.js';

const HEADER_SIZE = 8;
const LENGTH_AT = 4;
const CHECKSUM_AT = 6;

export function decodeUdp(walk: Walk, packet: Packet): Layer {
  const { bytes, at } = walk;
  if (walk.end - at < HEADER_SIZE) return stop(packet, Anomaly.udpTruncated);
  const size = u16(bytes, at + LENGTH_AT);
  if (size < HEADER_SIZE || (size > walk.wireEnd - at && !walk.partial)) {
    return stop(packet, Anomaly.udpLength);
  }
  packet.transport = Transport.udp;
  packet.srcPort = u16(bytes, at);
  packet.dstPort = u16(bytes, at + 2);
  if (at + size <= walk.wireEnd) {
    walk.wireEnd = at + size;
    if (walk.end > walk.wireEnd) walk.end = walk.wireEnd;
  }
  if (packet.srcPort === 0 || packet.dstPort === 0) note(packet, Anomaly.portZero);
  packet.transportChecksum = verdict(walk, packet);
  setPayload(walk, packet, at + HEADER_SIZE);
  walk.at = at + HEADER_SIZE;
  if (packet.payloadWireSize === 0) return Layer.stop;
  if (packet.dstPort === VXLAN_PORT) return Layer.vxlan;
  return packet.dstPort === GENEVE_PORT ? Layer.geneve : Layer.stop;
}

function verdict(walk: Walk, packet: Packet): Checksum {
  const { bytes, at, end } = walk;
  const observed = u16(bytes, at + CHECKSUM_AT);
  if (observed === 0 && mayBeAbsent(packet)) return Checksum.right;
  if (walk.partial || walk.rerouted || end !== walk.wireEnd) return Checksum.unverified;
  const pseudo = pseudoSum(packet, IpProtocol.udp, end - at);
  const covered = fold(pseudo + sum16(bytes, at, end));
  const result = judge16(observed, covered, pseudo);
  if (result > Checksum.offload) note(packet, Anomaly.udpChecksum);
  return result;
}

/** RFC 768: 0 is "none" in IPv4. RFC 6935 §5 allows it in IPv6 for tunnels only. */
function mayBeAbsent(packet: Packet): boolean {
  return packet.ipVersion === 4 || packet.dstPort === VXLAN_PORT || packet.dstPort === GENEVE_PORT;
}
