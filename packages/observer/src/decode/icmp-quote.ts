/**
 * The packet an ICMP error quotes (RFC 792: header and 8 bytes; RFC 4443 §2.4: as much as fits),
 * read as far as it goes. Twin: `native/core/decode/icmp_quote.{h,cc}`.
 */
import { limits } from '../base/limits.js';
import { Anomaly } from './anomaly.js';
import { IpProtocol } from './ip.js';
import { extensionSize, isExtension } from './ipv6.js';
import type { Packet } from './packet.js';
import { note, u16, u32, type Walk } from './walk.js';

const IPV4_HEADER_SIZE = 20;
const IPV6_HEADER_SIZE = 40;

/** `walk.at` is at the quoted IP header. Its lengths are not trusted: routers rewrite them. */
export function decodeQuote(walk: Walk, packet: Packet): void {
  const { bytes, at, end } = walk;
  const version = end > at ? bytes[at] >>> 4 : 0;
  if (version === 4 && end - at >= IPV4_HEADER_SIZE) quoteIpv4(walk, packet);
  else if (version === 6 && end - at >= IPV6_HEADER_SIZE) quoteIpv6(walk, packet);
  else note(packet, Anomaly.icmpQuoteTruncated);
}

function quoteIpv4(walk: Walk, packet: Packet): void {
  const { bytes, at } = walk;
  const headerSize = (bytes[at] & 15) * 4;
  if (headerSize < IPV4_HEADER_SIZE) {
    note(packet, Anomaly.icmpQuoteTruncated);
    return;
  }
  packet.quotedVersion = 4;
  packet.quotedSrc2 = 0xffff;
  packet.quotedSrc3 = u32(bytes, at + 12);
  packet.quotedDst2 = 0xffff;
  packet.quotedDst3 = u32(bytes, at + 16);
  const firstFragment = (u16(bytes, at + 6) & 0x1fff) === 0;
  quotePorts(walk, packet, bytes[at + 9], at + headerSize, firstFragment);
}

function quoteIpv6(walk: Walk, packet: Packet): void {
  const { bytes, at, end } = walk;
  packet.quotedVersion = 6;
  packet.quotedSrc0 = u32(bytes, at + 8);
  packet.quotedSrc1 = u32(bytes, at + 12);
  packet.quotedSrc2 = u32(bytes, at + 16);
  packet.quotedSrc3 = u32(bytes, at + 20);
  packet.quotedDst0 = u32(bytes, at + 24);
  packet.quotedDst1 = u32(bytes, at + 28);
  packet.quotedDst2 = u32(bytes, at + 32);
  packet.quotedDst3 = u32(bytes, at + 36);
  let protocol = bytes[at + 6];
  let next = at + IPV6_HEADER_SIZE;
  let firstFragment = true;
  for (let index = 0; index < limits.ipv6ExtensionsMax && isExtension(protocol); index++) {
    const size = extensionSize(bytes, next, end, protocol);
    if (size === 0) break;
    if (protocol === IpProtocol.fragment) firstFragment = (u16(bytes, next + 2) & 0xfff8) === 0;
    protocol = bytes[next];
    next += size;
    if (!firstFragment) break;
  }
  quotePorts(walk, packet, protocol, next, firstFragment);
}

function quotePorts(
  walk: Walk,
  packet: Packet,
  protocol: number,
  at: number,
  firstFragment: boolean,
): void {
  packet.quotedProtocol = protocol;
  if (protocol !== IpProtocol.tcp && protocol !== IpProtocol.udp && protocol !== IpProtocol.sctp) {
    return;
  }
  if (!firstFragment || walk.end - at < 4) return;
  packet.quotedPortsValid = true;
  packet.quotedSrcPort = u16(walk.bytes, at);
  packet.quotedDstPort = u16(walk.bytes, at + 2);
}
