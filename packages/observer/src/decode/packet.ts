/**
 * The facts of one packet: what the bytes say, before anyone says what they mean.
 *
 * One `Packet` is allocated per decoder and overwritten by every frame, so the hot path allocates
 * nothing; whoever wants to keep a value copies it out. Twin: `native/core/decode/packet.h`, field
 * by field. All 32-bit quantities are stored as signed int32 (`| 0`): V8 keeps those unboxed, and
 * equality and hashing do not care about the sign. Use `>>> 0` where a value is compared by size or
 * printed.
 */

/** TCP flag bits as they stand in the header, RFC 9293 §3.1 (bit 8 is AE/NS). */
export const TcpFlags = {
  fin: 0x01,
  syn: 0x02,
  rst: 0x04,
  psh: 0x08,
  ack: 0x10,
  urg: 0x20,
  ece: 0x40,
  cwr: 0x80,
  ae: 0x100,
} as const;

/** What a checksum field turned out to be. Twin: `enum class Checksum`. */
export const Checksum = {
  /** Not computed: bytes missing from the snapshot, a fragment, or the protocol has none here. */
  unverified: 0,
  right: 1,
  /** The uncomplemented pseudo-header sum a NIC with transmit offload is handed (or 0 in IPv4). */
  offload: 2,
  /** Nmap --badsum's arithmetic: the right sum with one taken from its first byte in wire order. */
  nmapBadsum: 3,
  /** Wrong in some other way. */
  wrong: 4,
} as const;
export type Checksum = (typeof Checksum)[keyof typeof Checksum];

/** How the transport header reached us. A bit set; 0 means the datagram was not fragmented. */
export const Fragment = {
  /** This frame is a fragment (any). */
  present: 0x01,
  /** The first fragment is smaller than the transport header needs, or splits it. */
  tiny: 0x02,
  /** Two fragments of the datagram cover the same bytes. */
  overlap: 0x04,
  /** ... and disagree about them. */
  conflict: 0x08,
  /** The transport header of this packet was put together from several fragments. */
  reassembled: 0x10,
  /** A later fragment with nothing new to say: no transport facts, do not count as a probe. */
  continuation: 0x20,
} as const;

/** Which transport facts are valid. Twin: `enum class Transport`. */
export const Transport = {
  /** None: decoding stopped before it, or a fragment without it. */
  none: 0,
  tcp: 1,
  udp: 2,
  icmp: 3,
  icmp6: 4,
  sctp: 5,
  /** An IP payload whose protocol we do not decode (or whose header was malformed). */
  other: 6,
} as const;
export type Transport = (typeof Transport)[keyof typeof Transport];

export class Packet {
  /** Capture time in integer microseconds since 1970; fits a double exactly. */
  timeUs = 0;
  /**
   * The bytes all offsets below point into: the frame, or the reassembly buffer for a split header.
   */
  bytes: Uint8Array = EMPTY;
  /** Bytes of the frame present in the capture, and bytes it had on the wire. */
  capturedSize = 0;
  wireSize = 0;
  /** Decode anomalies of this frame, one bit per `Anomaly` (two words: codes 0-31 and 32-63). */
  anomaliesLow = 0;
  anomaliesHigh = 0;

  /**
   * 32-bit hash of the outer ids that separate hosts with equal addresses: VLAN ids (0 is no VLAN),
   * VXLAN and GENEVE VNI, GRE key, PPPoE session. 0 when there are none. MPLS labels and ERSPAN
   * sessions are left out, since they differ between the two directions of one conversation.
   */
  tunnelKey = 0;
  /** Encapsulation layers walked (VLAN tags, tunnels), bounded by `limits.decodeDepthMax`. */
  layerCount = 0;

  /** 4, 6, or 0 when there is no IP packet to speak of (ARP, LLDP, malformed). */
  ipVersion = 0;
  /** Innermost addresses as four big-endian words; IPv4 is mapped: 0, 0, 0x0000ffff, address. */
  src0 = 0;
  src1 = 0;
  src2 = 0;
  src3 = 0;
  dst0 = 0;
  dst1 = 0;
  dst2 = 0;
  dst3 = 0;
  /** TTL or hop limit, 0-255. */
  ttl = 0;
  /** IPv4 identification, or the IPv6 fragment header's; 0 when there is none. */
  ipId = 0;
  /** DSCP and ECN byte. */
  tos = 0;
  /** IPv6 flow label, else 0. */
  flowLabel = 0;
  dontFragment = false;
  /** IPv4 "evil" reserved bit set. */
  ipReservedBit = false;
  /** Bytes of IPv4 options, or of IPv6 extension headers before the transport. */
  ipOptionsSize = 0;
  /** IP packet length as the header claims it (IPv4 total length; IPv6 40 + payload length). */
  ipSize = 0;
  /** IPv4 header checksum verdict (`Checksum`); unverified for IPv6. */
  ipChecksum: Checksum = Checksum.unverified;
  /** The IP protocol number of the transport (after extension headers), 0-255. */
  protocol = 0;
  /** `Fragment` bits. */
  fragment = 0;

  transport: Transport = Transport.none;
  /** Offset of the transport header in `bytes`. */
  transportAt = 0;
  /** Transport checksum verdict (`Checksum`). */
  transportChecksum: Checksum = Checksum.unverified;
  /** TCP, UDP, SCTP ports; 0 otherwise. */
  srcPort = 0;
  dstPort = 0;

  /** TCP only. `tcpFlags` has nine bits (`TcpFlags`), `tcpWindow` is unscaled. */
  tcpFlags = 0;
  tcpSeq = 0;
  tcpAck = 0;
  tcpWindow = 0;
  tcpUrgent = 0;
  /** Options as they stand: offset in `bytes` and bytes, 0-40, clipped to what was captured. */
  tcpOptionsAt = 0;
  tcpOptionsSize = 0;

  /** ICMP and ICMPv6: type, code; for echo-like messages the id and sequence number. */
  icmpType = 0;
  icmpCode = 0;
  icmpId = 0;
  icmpSeq = 0;
  /** SCTP: type of the first chunk, and the verification tag. */
  sctpChunk = 0;
  sctpTag = 0;

  /** Payload after the transport header: offset, bytes captured, and bytes on the wire. */
  payloadAt = 0;
  payloadSize = 0;
  payloadWireSize = 0;

  /**
   * For ICMP errors: the packet that caused it, as far as it is quoted. `quotedVersion` is 0 when
   * nothing usable was quoted. Addresses as above. `quotedTransport` says if the ports are valid.
   */
  quotedVersion = 0;
  quotedSrc0 = 0;
  quotedSrc1 = 0;
  quotedSrc2 = 0;
  quotedSrc3 = 0;
  quotedDst0 = 0;
  quotedDst1 = 0;
  quotedDst2 = 0;
  quotedDst3 = 0;
  quotedProtocol = 0;
  quotedPortsValid = false;
  quotedSrcPort = 0;
  quotedDstPort = 0;
}

const EMPTY = new Uint8Array(0);
