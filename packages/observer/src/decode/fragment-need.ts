/**
 * How many bytes of a datagram its transport header needs. Twin:
 * `native/core/decode/fragment_need.{h,cc}`.
 */
import { limits } from '../base/limits.js';
import { IpProtocol } from './ip.js';
import { EXTENSION_UNIT, extensionSize, isExtension } from './ipv6.js';

const TCP_MIN = 20;
const TCP_OFFSET_AT = 12;
const UDP_SIZE = 8;
const ICMP_SIZE = 8;
/** Common header and the first chunk's. */
const SCTP_SIZE = 16;

/**
 * Bytes from `at` up to the end of the transport header, extension headers of the fragmentable part
 * included. What is not there yet counts with its least size, so the answer grows as bytes arrive.
 * @param end End of the bytes that can be read. @param wireEnd End of those that were sent.
 */
export function headerNeed(
  bytes: Uint8Array,
  at: number,
  end: number,
  wireEnd: number,
  protocol: number,
  version: number,
): number {
  const start = at;
  for (let index = 0; version === 6 && isExtension(protocol); index++) {
    if (index >= limits.ipv6ExtensionsMax) return at - start;
    if (wireEnd - at < EXTENSION_UNIT) return at - start + EXTENSION_UNIT;
    const size = extensionSize(bytes, at, end, protocol);
    // Cut by the snapshot, or longer than what is there: wait for no more than can be known.
    if (size === 0) return at - start + EXTENSION_UNIT * (1 + (end - at > 1 ? bytes[at + 1] : 0));
    protocol = bytes[at];
    at += size;
  }
  return at - start + transportNeed(bytes, at, end, protocol, version);
}

function transportNeed(
  bytes: Uint8Array,
  at: number,
  end: number,
  protocol: number,
  version: number,
): number {
  switch (protocol) {
    case IpProtocol.tcp: {
      if (end - at <= TCP_OFFSET_AT) return TCP_MIN;
      return Math.max((bytes[at + TCP_OFFSET_AT] >>> 4) * 4, TCP_MIN);
    }
    case IpProtocol.udp:
      return UDP_SIZE;
    case IpProtocol.icmp:
      return version === 4 ? ICMP_SIZE : 0;
    case IpProtocol.icmp6:
      return version === 6 ? ICMP_SIZE : 0;
    case IpProtocol.sctp:
      return SCTP_SIZE;
    default:
      return 0;
  }
}
