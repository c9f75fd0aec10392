import { describe, expect, it } from 'vitest';
import { LinkType } from '../base/link-types.js';
import { Transport } from './packet.js';
import { bytes, ethernet, ipv4, ipv6, tcp } from './testkit/build-frame.js';
import { anomaliesOf, decode, truncations } from './testkit/decode.js';

const V4 = ipv4(tcp());
const V6 = ipv6(tcp({ version: 6 }));

describe('link', () => {
  it.each([
    ['ethernet', LinkType.ethernet, ethernet(0x0800, V4), 4],
    ['raw IPv4', LinkType.raw, V4, 4],
    ['raw IPv6', LinkType.raw, V6, 6],
    ['raw (BSD)', LinkType.rawBsd, V4, 4],
    ['raw (OpenBSD)', LinkType.rawOpenbsd, V6, 6],
    ['IPv4', LinkType.ipv4, V4, 4],
    ['IPv6', LinkType.ipv6, V6, 6],
    ['NULL, little-endian', LinkType.null, bytes('02000000', V4), 4],
    ['NULL, big-endian', LinkType.null, bytes('00000002', V4), 4],
    ['NULL, Darwin IPv6', LinkType.null, bytes('1e000000', V6), 6],
    ['LOOP', LinkType.loop, bytes('00000018', V6), 6],
    ['SLL', LinkType.linuxSll, bytes('0000 0001 0006 020000000001 0000 0800', V4), 4],
    ['SLL2', LinkType.linuxSll2, bytes('86dd 0000 00000002 0001 00 06 0200000000010000', V6), 6],
    ['PPP', LinkType.ppp, bytes('ff03 0021', V4), 4],
    ['PPP with compressed headers', LinkType.ppp, bytes('57', V6), 6],
    ['PPP in HDLC framing', LinkType.pppHdlc, bytes('ff03 0057', V6), 6],
    ['SNAP', LinkType.ethernet, ethernet(V4.length + 8, bytes('aaaa03 000000 0800', V4)), 4],
  ])('%s', (_, linkType, frame, version) => {
    const packet = decode(frame, linkType);
    expect(anomaliesOf(packet)).toEqual([]);
    expect([packet.ipVersion, packet.transport, packet.dstPort]).toEqual([
      version,
      Transport.tcp,
      443,
    ]);
    expect(truncations(frame, linkType)).toHaveLength(frame.length);
  });

  it('takes frames without IP for what they are', () => {
    for (const frame of [ethernet(0x0806, bytes('0001')), ethernet(0x0010, bytes('424203'))]) {
      const packet = decode(frame);
      expect([packet.ipVersion, anomaliesOf(packet)]).toEqual([0, []]);
    }
  });

  it('names a frame that ends in its link header', () => {
    expect(anomaliesOf(decode(bytes('0200000000'), LinkType.ethernet))).toEqual(['link_truncated']);
    expect(anomaliesOf(decode(bytes('0200'), LinkType.null))).toEqual(['link_truncated']);
    expect(anomaliesOf(decode(bytes('0000 0001'), LinkType.linuxSll))).toEqual(['link_truncated']);
    expect(anomaliesOf(decode(bytes(), LinkType.raw))).toEqual(['link_truncated']);
  });

  it('names a link type it cannot read, and a version that is none', () => {
    expect(anomaliesOf(decode(V4, 147))).toEqual(['link_type_unknown']);
    expect(anomaliesOf(decode(bytes('50', V4), LinkType.raw))).toEqual(['ip_version']);
    expect(anomaliesOf(decode(ethernet(0x86dd, bytes(V4, V4))))).toEqual(['ip_version']);
  });
});
