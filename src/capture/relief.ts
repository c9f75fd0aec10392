/**
 * What stays in the kernel when `capture.relief` is on: the bulk of TCP connections, which no
 * detector needs. It is written as for tcpdump, so libpcap compiles it for either observer and for
 * every link type. Classic BPF sees one packet at a time and knows no connection, so a frame is
 * left behind only when none could make it matter:
 *
 * 1. A full segment: ACK without PSH, `SEGMENT_SIZE_MIN` bytes of payload or more, which do not
 *    open like a request or an answer. What a sender says last is pushed (RFC 9293 §3.9.1.2), and
 *    so is what a scanner says.
 * 2. A bare acknowledgement that a protected host sends outside. Those from outside are kept: one
 *    completes each handshake, and a probe of an ACK scan is one.
 *
 * Everything else is kept, whatever is not recognised before all: tunnels, tags inside tags,
 * fragments, IPv4 options or packets without DF, IPv6 extension headers, headers cut short. The
 * kernel takes the outermost VLAN tag off before a filter looks.
 */

/**
 * `silent_after_s` of a relieved sensor, at least. Of a host that was sending in bulk when the
 * sensor began, acknowledgements come up before a segment does: they must not look like probes of a
 * silent host. It pushes once a second or so.
 */
export const RELIEF_SILENT_S = 10;

/** No path has smaller full segments: the default MSS is 536 (RFC 9293 §3.7.1). */
const SEGMENT_SIZE_MIN = 512;
/**
 * Ethernet's. Cooked headers are up to 6 bytes longer; with a shorter one, as of a tunnel's own
 * interface, frames seem cut short and are kept.
 */
const LINK_HEADER_SIZE = 14;
const TCP_HEADER_SIZE = 20;
const FLAGS_AT = 13;
/** In its upper half, in units of 4 bytes. */
const HEADER_SIZE_AT = 12;
/**
 * With more networks acknowledgements are kept. An IPv6 address takes some 15 instructions, and a
 * filter must fit into 20 KiB of socket memory (net.core.optmem_max) once the kernel has translated
 * it; libpcap would filter by itself what the kernel does not take.
 */
const NETWORKS_MAX = 64;

interface Family {
  /** libpcap's word for its header. */
  word: 'ip' | 'ip6';
  headerSize: number;
  /** TCP right behind a header that every connection has. */
  isPlain: string;
  /** Where it tells its size, and how much of its header that includes. */
  size: string;
  sizeIncludes: number;
}

const IPV4: Family = {
  word: 'ip',
  headerSize: 20,
  isPlain: 'ip[0] = 0x45 and ip[6:2] = 0x4000 and ip[9] = 6',
  size: 'ip[2:2]',
  sizeIncludes: 20,
};
const IPV6: Family = {
  word: 'ip6',
  headerSize: 40,
  isPlain: 'ip6[0] & 0xf0 = 0x60 and ip6[6] = 6',
  size: 'ip6[4:2]',
  sizeIncludes: 0,
};

/**
 * What to give libpcap so that only what `filter` takes (empty: everything) and relief does not
 * leave behind comes up. Relief stands first: a `vlan` or `mpls` in the filter moves what follows.
 */
export function withRelief(filter: string, homeNets: readonly string[]): string {
  const few = homeNets.length <= NETWORKS_MAX ? homeNets : [];
  const rests = [bulkOf(IPV4, few.filter(isIpv4)), bulkOf(IPV6, few.filter(isIpv6))];
  const relief = `not (${rests.join(' or ')})`;
  return filter === '' ? relief : `${relief} and (${filter})`;
}

/**
 * `and` and `or` bind alike in libpcap, hence the brackets. A load behind the end of a frame drops
 * it, so sizes are asked for before anything that they guard.
 */
function bulkOf(family: Family, homeNets: readonly string[]): string {
  const { word, headerSize, isPlain, size, sizeIncludes } = family;
  const tcp = (at: number): string => `${word}[${headerSize + at}]`;
  const before = LINK_HEADER_SIZE + headerSize;
  const isWhole = `${size} + ${before - sizeIncludes} <= len`;
  const isAck = `${tcp(FLAGS_AT)} & 0x3f = 0x10 and ${tcp(HEADER_SIZE_AT)} >= 0x50`;
  const tcpSize = `((${tcp(HEADER_SIZE_AT)} & 0xf0) >> 2)`;
  const kinds = [fullSegment(family, tcpSize)];
  if (homeNets.length > 0) kinds.push(ownAcknowledgement(family, tcpSize, homeNets));
  const conditions = [`len >= ${before + TCP_HEADER_SIZE}`, isPlain, isWhole, isAck];
  return `(${conditions.join(' and ')} and (${kinds.join(' or ')}))`;
}

function fullSegment(family: Family, tcpSize: string): string {
  const { word, headerSize, size, sizeIncludes } = family;
  const isFull = `${size} >= ${tcpSize} + ${sizeIncludes + SEGMENT_SIZE_MIN}`;
  const payload = (at: number): string => `${word}[${tcpSize} + ${headerSize + at}]`;
  const isCapital = (at: number): string => `${payload(at)} >= 0x41 and ${payload(at)} <= 0x5a`;
  // A method, a command, `HTTP`, a banner; or a TLS handshake (RFC 8446 §5.1).
  const isText = `(${isCapital(0)} and ${isCapital(1)})`;
  const isHandshake = `(${payload(0)} = 0x16 and ${payload(1)} = 0x03)`;
  return `(${isFull} and not (${isText} or ${isHandshake}))`;
}

function ownAcknowledgement(family: Family, tcpSize: string, homeNets: readonly string[]): string {
  const { word, size, sizeIncludes } = family;
  const isEmpty = `${size} = ${tcpSize} + ${sizeIncludes}`;
  const any = (side: 'src' | 'dst'): string =>
    `(${homeNets.map((net) => `${word} ${side} net ${net}`).join(' or ')})`;
  return `(${isEmpty} and ${any('src')} and not ${any('dst')})`;
}

const isIpv6 = (network: string): boolean => network.includes(':');
const isIpv4 = (network: string): boolean => !isIpv6(network);
