import { describe, expect, it } from 'vitest';
import { LinkType } from '../base/link-types.js';
import { limits } from '../base/limits.js';
import { Checksum, Transport } from './packet.js';
import { bytes, ethernet, extension, fragment6, ipv4, ipv6, tcp } from './testkit/build-frame.js';
import { anomaliesOf, decode, truncations } from './testkit/decode.js';

const decodeIp = (packet: Uint8Array) => decode(packet, LinkType.ipv6);
const SEGMENT = tcp({ version: 6 });
const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
const DESTINATION = 60;

describe('ipv6', () => {
  it('reads every field', () => {
    expect(decodeIp(ipv6(SEGMENT, { hopLimit: 254, flow: 0xabcde, tos: 0x1b }))).toMatchObject({
      ipVersion: 6,
      src0: 0x20010db8,
      src3: 7,
      dst0: 0x20010db8,
      dst3: 9,
      ttl: 254,
      flowLabel: 0xabcde,
      tos: 0x1b,
      ipId: 0,
      ipOptionsSize: 0,
      ipSize: 64,
      ipChecksum: Checksum.unverified,
      protocol: 6,
      transport: Transport.tcp,
      transportAt: 40,
      transportChecksum: Checksum.right,
    });
  });

  it('names each truncation', () => {
    const found = truncations(ipv6(extension(6, SEGMENT), { next: DESTINATION }), LinkType.ipv6);
    expect(found.slice(0, 40)).toEqual(Array(40).fill(['ipv6_truncated']));
    expect(found.slice(40, 48)).toEqual(
      Array(8).fill(['ipv6_payload_length', 'ipv6_extension_truncated']),
    );
    expect(found.slice(48, 68)).toEqual(Array(20).fill(['ipv6_payload_length', 'tcp_truncated']));
  });

  it('walks extension headers and counts their bytes', () => {
    const chain = extension(DESTINATION, extension(AUTHENTICATION, authentication(6, SEGMENT)));
    const packet = decodeIp(ipv6(chain, { next: HOP_BY_HOP }));
    expect(packet).toMatchObject({ transport: Transport.tcp, ipOptionsSize: 28, dstPort: 443 });
    expect(anomaliesOf(packet)).toEqual([]);
  });

  it('reports the header it stopped at as the protocol', () => {
    for (const next of [ROUTING, DESTINATION, AUTHENTICATION, FRAGMENT]) {
      const packet = decodeIp(ipv6(bytes(), { next }));
      expect(packet).toMatchObject({ transport: Transport.other, protocol: next });
      expect(anomaliesOf(packet)).toEqual(['ipv6_extension_truncated']);
    }
  });

  it('takes no next header and ESP as other', () => {
    for (const next of [59, 50, 1, 103]) {
      const packet = decodeIp(ipv6(bytes('00000000'), { next }));
      expect(packet).toMatchObject({ transport: Transport.other, protocol: next });
      expect(anomaliesOf(packet)).toEqual([]);
    }
  });

  it('stops after too many extension headers', () => {
    const chain = (count: number) => {
      let payload = extension(6, SEGMENT);
      for (let index = 1; index < count; index++) payload = extension(DESTINATION, payload);
      return decodeIp(ipv6(payload, { next: DESTINATION }));
    };
    expect(chain(limits.ipv6ExtensionsMax).transport).toBe(Transport.tcp);
    expect(anomaliesOf(chain(limits.ipv6ExtensionsMax + 1))).toEqual(['ipv6_extensions_too_many']);
  });

  it('notes hop-by-hop options that are not first, and reads on', () => {
    const packet = decodeIp(
      ipv6(extension(HOP_BY_HOP, extension(6, SEGMENT)), { next: DESTINATION }),
    );
    expect(packet.transport).toBe(Transport.tcp);
    expect(anomaliesOf(packet)).toEqual(['ipv6_extension_order']);
  });

  it('stops at a second fragment header', () => {
    const payload = fragment6(FRAGMENT, 0, false, 1, fragment6(6, 0, false, 2, SEGMENT));
    const packet = decodeIp(ipv6(payload, { next: FRAGMENT }));
    expect(anomaliesOf(packet)).toEqual(['ipv6_extension_order']);
    expect(packet.transport).toBe(Transport.other);
  });

  it('takes an atomic fragment as a whole packet', () => {
    const packet = decodeIp(ipv6(fragment6(6, 0, false, 0xdeadbeef, SEGMENT), { next: FRAGMENT }));
    expect(packet).toMatchObject({ fragment: 0, transportChecksum: Checksum.right });
    expect(packet.ipId >>> 0).toBe(0xdeadbeef);
  });

  it('does not judge a checksum whose destination a routing header hides', () => {
    const routed = (segmentsLeft: number) => bytes(6, 0, 4, segmentsLeft, '00000000', SEGMENT);
    expect(decodeIp(ipv6(routed(1), { next: ROUTING })).transportChecksum).toBe(
      Checksum.unverified,
    );
    expect(decodeIp(ipv6(routed(0), { next: ROUTING })).transportChecksum).toBe(Checksum.right);
  });

  it('reads a jumbogram to the end of the frame', () => {
    const payload = tcp({ version: 6, payload: new Uint8Array(70_000) });
    const jumbo = bytes(6, 0, 'c204', '00011186', payload);
    const packet = decodeIp(ipv6(jumbo, { next: HOP_BY_HOP, payloadSize: 0 }));
    expect([packet.payloadSize, packet.transportChecksum]).toEqual([70_000, Checksum.right]);
    expect(anomaliesOf(packet)).toEqual(['ipv6_jumbogram']);
  });

  it('takes an empty packet as empty in spite of padding', () => {
    const packet = decode(bytes(ethernet(0x86dd, ipv6(bytes(), { next: 6 })), '000000000000'));
    expect(packet).toMatchObject({ payloadSize: 0, payloadWireSize: 0, ipSize: 40 });
  });

  it('notes a payload length beyond the wire, and a wrong version', () => {
    expect(anomaliesOf(decodeIp(ipv6(SEGMENT, { payloadSize: 99 })))).toEqual([
      'ipv6_payload_length',
    ]);
    expect(anomaliesOf(decodeIp(bytes(ipv4(SEGMENT), SEGMENT)))).toEqual(['ip_version']);
  });
});

/** RFC 4302 §2: 12 bytes of length field 1, so that the next header is not 8-aligned. */
function authentication(next: number, payload: Uint8Array): Uint8Array {
  return bytes(next, 1, '0000', '00000001', '00000001', payload);
}
