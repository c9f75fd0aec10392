/**
 * What one probe packet tells about the tool that sent it, as `Trait` bits. Facts of one packet
 * only: whoever counts them judges. Twin: `native/core/observe/traits.{h,cc}`.
 */
import { Trait } from '../../../plugin-api/src/batch-layout.js';
import { Checksum, Fragment, type Packet, TcpFlags, Transport } from '../decode/packet.js';
import { u16 } from '../decode/walk.js';
import { isMasscan, isMirai, isNmap, isSyn, isZmap } from './scanner-marks.js';
import { osTraits } from './os-probes.js';
import { isTrustedSourcePort } from './trusted-port.js';

/** Flags that decide what a TCP probe is: all but ECN's. */
const PROBE_FLAGS =
  TcpFlags.fin | TcpFlags.syn | TcpFlags.rst | TcpFlags.psh | TcpFlags.ack | TcpFlags.urg;
/** Below this no operating system of the last twenty years opens a connection without DF. */
const TINY_WINDOW = 4096;
/**
 * TCP Fast Open, RFC 7413 §4.1.1: the one honest reason for data on a SYN; 254 is its experiment.
 */
const OPTION_FAST_OPEN = 34;
const OPTION_EXPERIMENT = 254;
const ICMP_ECHO = 8;
const ICMP6_ECHO = 128;
const IPV6_FRAGMENT_SIZE = 8;

/** Traits of an inbound probe; 0 for packets without transport facts, but for their fragments'. */
export function probeTraits(packet: Packet): number {
  return withOwnTraits(packet, shapeTraits(packet));
}

/**
 * Those that follow from how the packet is made. Of a SYN no address, port or number matters to
 * them, but for being 0 (`SynFacts`).
 */
export function shapeTraits(packet: Packet): number {
  let traits = osTraits(packet);
  if (couldCarryMark(packet)) traits |= Trait.markCandidate;
  // Not only of candidates: Nmap's OS detection sets DF on some of its probes.
  if (isNmap(packet)) traits |= Trait.markNmap;
  if (packet.transport === Transport.tcp) traits |= tcpTraits(packet);
  else if (isEmptyEcho(packet)) traits |= Trait.emptyEcho;
  return traits;
}

/** `shape` and those that every packet has its own of. */
export function withOwnTraits(packet: Packet, shape: number): number {
  let traits = shape | flawTraits(packet);
  if ((shape & Trait.markCandidate) !== 0) traits |= markTraits(packet);
  if (isTrustedSourcePort(packet)) traits |= Trait.trustedSourcePort;
  return traits;
}

/**
 * What is wrong or odd below the transport, and with its checksum. Whatever is wrong is an anomaly,
 * too.
 */
function flawTraits(packet: Packet): number {
  if ((packet.anomaliesLow | packet.anomaliesHigh | packet.fragment | packet.ipOptionsSize) === 0)
    return 0;
  let traits = 0;
  const checksum = packet.transportChecksum;
  if (checksum > Checksum.offload || packet.ipChecksum > Checksum.offload)
    traits |= Trait.badChecksum;
  if (checksum === Checksum.nmapBadsum) traits |= Trait.nmapBadsum;
  if ((packet.fragment & Fragment.tiny) !== 0) traits |= Trait.fragmentTiny;
  if ((packet.fragment & (Fragment.overlap | Fragment.conflict)) !== 0)
    traits |= Trait.fragmentOverlap;
  if (hasIpOptions(packet)) traits |= Trait.ipOptions;
  return traits;
}

/** IPv4 options, or IPv6 extension headers other than the fragment header. */
function hasIpOptions(packet: Packet): boolean {
  const fragmentSize = packet.ipVersion === 6 && packet.fragment !== 0 ? IPV6_FRAGMENT_SIZE : 0;
  return packet.ipOptionsSize > fragmentSize;
}

function markTraits(packet: Packet): number {
  let traits = 0;
  if (isMasscan(packet)) traits |= Trait.markMasscan;
  if (isZmap(packet)) traits |= Trait.markZmap;
  if (isMirai(packet)) traits |= Trait.markMirai;
  return traits;
}

/**
 * Raw-socket scanners build their headers without DF. Their marks are in the IPv4 identification,
 * the sequence number and the options of SYNs, UDP datagrams, echo requests and SCTP INITs; over
 * IPv6 only a SYN's header is left to look at. Unicornscan's key takes several packets to see, so
 * its bit is never set here (send_packet.c, TCPHASHTRACK: seq = key ^ target ^ ports, key unknown).
 */
function couldCarryMark(packet: Packet): boolean {
  if (packet.ipVersion === 6) return isSyn(packet) && isRawSyn(packet);
  if (packet.dontFragment) return false;
  return (
    isSyn(packet) ||
    packet.transport === Transport.udp ||
    packet.transport === Transport.sctp ||
    (packet.transport === Transport.icmp && packet.icmpType === ICMP_ECHO)
  );
}

/** No operating system sends a SYN without options, or one with a tiny window and without DF. */
function isRawSyn(packet: Packet): boolean {
  if (packet.tcpOptionsSize === 0) return true;
  if (packet.tcpWindow > TINY_WINDOW) return false;
  return packet.ipVersion === 6 || !packet.dontFragment;
}

function tcpTraits(packet: Packet): number {
  let traits = isSyn(packet) && isRawSyn(packet) ? Trait.rawStack : 0;
  if (packet.payloadWireSize > 0 && isDatalessProbe(packet) && !hasFastOpen(packet)) {
    traits |= Trait.probeWithData;
  }
  return traits;
}

/** SYN, FIN, NULL and Xmas: nothing with data on it in any connection. */
function isDatalessProbe(packet: Packet): boolean {
  const flags = packet.tcpFlags & PROBE_FLAGS;
  return (
    isSyn(packet) ||
    flags === 0 ||
    flags === TcpFlags.fin ||
    flags === (TcpFlags.fin | TcpFlags.psh | TcpFlags.urg)
  );
}

function hasFastOpen(packet: Packet): boolean {
  const { bytes } = packet;
  const end = packet.tcpOptionsAt + packet.tcpOptionsSize;
  for (let at = packet.tcpOptionsAt; at + 1 < end; ) {
    const kind = bytes[at];
    if (kind === 0) return false;
    if (kind === 1) {
      at++;
      continue;
    }
    if (kind === OPTION_FAST_OPEN) return true;
    // RFC 6994: an experiment's id follows; Fast Open's was 0xf989.
    if (kind === OPTION_EXPERIMENT && at + 3 < end && u16(bytes, at + 2) === 0xf989) return true;
    const size = bytes[at + 1];
    if (size < 2) return false;
    at += size;
  }
  return false;
}

function isEmptyEcho(packet: Packet): boolean {
  if (packet.payloadWireSize !== 0) return false;
  return (
    (packet.transport === Transport.icmp && packet.icmpType === ICMP_ECHO) ||
    (packet.transport === Transport.icmp6 && packet.icmpType === ICMP6_ECHO)
  );
}
