import { describe, expect, it } from 'vitest';
import { LinkType } from '../base/link-types.js';
import { Checksum, Transport } from './packet.js';
import {
  bytes,
  extension,
  fragment6,
  icmp,
  icmp6,
  ipv4,
  ipv6,
  tcp,
  udp,
} from './testkit/build-frame.js';
import { anomaliesOf, decode, truncations } from './testkit/decode.js';

const over4 = (message: Uint8Array) => ipv4(message, { protocol: 1 });
const over6 = (message: Uint8Array) => ipv6(message, { next: 58 });
const decode4 = (message: Uint8Array) => decode(over4(message), LinkType.ipv4);
const decode6 = (message: Uint8Array) => decode(over6(message), LinkType.ipv6);

describe('icmp', () => {
  it.each([0, 8, 13, 14, 15, 16, 17, 18])('reads type %i with id and sequence', (type) => {
    expect(decode4(icmp(type, 9, bytes('1234 0127 aabb')))).toMatchObject({
      transport: Transport.icmp,
      icmpType: type,
      icmpCode: 9,
      icmpId: 0x1234,
      icmpSeq: 0x127,
      payloadSize: 2,
      transportChecksum: Checksum.right,
    });
  });

  it('reads ICMPv6 echo', () => {
    expect(decode6(icmp6(128, 0, bytes('12340001')))).toMatchObject({
      transport: Transport.icmp6,
      icmpType: 128,
      icmpId: 0x1234,
      icmpSeq: 1,
      payloadSize: 0,
      transportChecksum: Checksum.right,
    });
  });

  it('has no id where none is', () => {
    expect(decode4(icmp(9, 0, bytes('01020304')))).toMatchObject({ icmpType: 9, icmpId: 0 });
    expect(decode6(icmp6(135, 0, bytes('01020304')))).toMatchObject({ icmpType: 135, icmpId: 0 });
  });

  it('names each truncation of the header', () => {
    const found4 = truncations(over4(icmp(8, 0, bytes('00000000'))), LinkType.ipv4);
    const found6 = truncations(over6(icmp6(128, 0, bytes('00000000'))), LinkType.ipv6);
    for (let size = 0; size < 8; size++) {
      expect(found4[20 + size]).toContain('icmp_truncated');
      expect(found6[40 + size]).toContain('icmp_truncated');
    }
  });

  it('judges the checksum, which has no offloaded form', () => {
    const judge = (checksum: number) =>
      decode4(icmp(8, 0, bytes('00010000'), checksum)).transportChecksum;
    expect(judge(0xf7fe)).toBe(Checksum.right);
    expect(judge(0xf6fe)).toBe(Checksum.nmapBadsum);
    expect(judge(0)).toBe(Checksum.wrong);
    expect(anomaliesOf(decode4(icmp(8, 0, bytes('00010000'), 1)))).toEqual(['icmp_checksum']);
  });
});

describe('quoted packet of an ICMP error', () => {
  const error4 = (quote: Uint8Array) => decode4(icmp(3, 3, bytes('00000000', quote)));
  const error6 = (quote: Uint8Array) => decode6(icmp6(1, 4, bytes('00000000', quote)));

  it('gives addresses, protocol and ports', () => {
    const quote = ipv4(udp(bytes('00'), { src: 1000, dst: 161 }), { protocol: 17 }).slice(0, 28);
    expect(error4(quote)).toMatchObject({
      quotedVersion: 4,
      quotedSrc2: 0xffff,
      quotedSrc3: 0xcb007107 | 0,
      quotedDst3: 0xc6336409 | 0,
      quotedProtocol: 17,
      quotedPortsValid: true,
      quotedSrcPort: 1000,
      quotedDstPort: 161,
    });
  });

  it('reads IPv6 behind extension headers', () => {
    const packet = error6(ipv6(extension(6, tcp({ version: 6 })), { next: 60 }));
    expect(packet).toMatchObject({
      quotedVersion: 6,
      quotedSrc0: 0x20010db8,
      quotedDst3: 9,
      quotedProtocol: 6,
      quotedPortsValid: true,
      quotedDstPort: 443,
    });
  });

  it('has no ports of later fragments, of other protocols, or beyond the quote', () => {
    const noPorts = [
      error4(ipv4(tcp(), { fragment: 3 })),
      error4(ipv4(icmp(8, 0, bytes('00000000')), { protocol: 1 })),
      error4(ipv4(tcp()).slice(0, 23)),
      error6(ipv6(fragment6(6, 8, false, 1, tcp()), { next: 44 })),
    ];
    for (const packet of noPorts) {
      expect(packet.quotedPortsValid).toBe(false);
      expect(packet.quotedVersion).not.toBe(0);
    }
  });

  it('survives each truncation and names the unusable ones', () => {
    const frame = over4(icmp(11, 0, bytes('00000000', ipv4(tcp()))));
    const found = truncations(frame, LinkType.ipv4);
    for (let size = 28; size < 48; size++) expect(found[size]).toContain('icmp_quote_truncated');
    for (let size = 48; size < frame.length; size++) {
      expect(found[size]).not.toContain('icmp_quote_truncated');
    }
    truncations(over6(icmp6(3, 0, bytes('00000000', ipv6(tcp())))), LinkType.ipv6);
    expect(anomaliesOf(error4(bytes('41', ipv4(tcp()).slice(1))))).toEqual([
      'icmp_quote_truncated',
    ]);
  });

  it('is looked for in errors only', () => {
    expect(decode4(icmp(8, 0, bytes('00000000', ipv4(tcp())))).quotedVersion).toBe(0);
    expect(decode6(icmp6(134, 0, bytes('00000000', ipv6(tcp())))).quotedVersion).toBe(0);
  });
});
