import { describe, expect, it } from 'vitest';
import { LinkType } from '../base/link-types.js';
import { Checksum, Transport } from './packet.js';
import { bytes, ethernet, ipv4, tcp, udp } from './testkit/build-frame.js';
import { anomaliesOf, decode, truncations } from './testkit/decode.js';

const decodeIp = (packet: Uint8Array) => decode(packet, LinkType.ipv4);

describe('ipv4', () => {
  it('reads every field', () => {
    const packet = decodeIp(
      ipv4(tcp(), { ttl: 37, id: 0xd431, tos: 0xb8, fragment: 0xc000, options: '01010100' }),
    );
    expect(packet).toMatchObject({
      ipVersion: 4,
      src0: 0,
      src1: 0,
      src2: 0xffff,
      src3: 0xcb007107 | 0,
      dst2: 0xffff,
      dst3: 0xc6336409 | 0,
      ttl: 37,
      ipId: 0xd431,
      tos: 0xb8,
      dontFragment: true,
      ipReservedBit: true,
      ipOptionsSize: 4,
      ipSize: 48,
      protocol: 6,
      fragment: 0,
      ipChecksum: Checksum.right,
      transport: Transport.tcp,
      transportAt: 24,
    });
  });

  it('names each truncation, and reads on as soon as the header is there', () => {
    const found = truncations(ipv4(tcp()), LinkType.ipv4);
    expect(found.slice(0, 20).every((names) => names.includes('ipv4_truncated'))).toBe(true);
    expect(found.slice(20, 40).every((names) => names.includes('tcp_truncated'))).toBe(true);
    expect(found[40]).toEqual(['ipv4_total_length']);
  });

  it.each<[string, Uint8Array, string, number]>([
    ['version', bytes('55', ipv4(tcp()).slice(1)), 'ip_version', 0],
    ['header length below 5', ipv4(tcp(), { headerWords: 4 }), 'ipv4_header_length', 0],
    ['header length beyond', ipv4(tcp(), { headerWords: 15 }), 'ipv4_header_length', 0],
    ['total below the header', ipv4(tcp(), { total: 19 }), 'ipv4_total_length', 0],
    ['total beyond the wire', ipv4(tcp(), { total: 60 }), 'ipv4_total_length', 4],
    ['option length 1', ipv4(tcp(), { options: '83010000' }), 'ipv4_option_length', 4],
    ['option beyond', ipv4(tcp(), { options: '01830b04' }), 'ipv4_option_length', 4],
    ['checksum', ipv4(tcp(), { checksum: 0x1234 }), 'ipv4_checksum', 4],
    ['source is target', ipv4(tcp(), { src: '192.0.2.5', dst: '192.0.2.5' }), 'address_martian', 4],
    ['loopback source', ipv4(tcp(), { src: '127.0.0.1' }), 'address_martian', 4],
  ])('notes a wrong %s', (_, frame, anomaly, version) => {
    const packet = decodeIp(frame);
    expect(anomaliesOf(packet)).toContain(anomaly);
    expect(packet.ipVersion).toBe(version);
  });

  it('takes loopback talking to itself as it is', () => {
    const packet = decodeIp(ipv4(tcp(), { src: '127.0.0.1', dst: '127.0.0.1' }));
    expect(anomaliesOf(packet)).not.toContain('address_martian');
  });

  it('takes a checksum of 0 as left to the NIC', () => {
    const packet = decodeIp(ipv4(tcp(), { checksum: 0 }));
    expect([packet.ipChecksum, anomaliesOf(packet)]).toEqual([Checksum.offload, []]);
  });

  it('takes the frame as the size when the total length is 0', () => {
    const packet = decodeIp(ipv4(tcp({ payload: new Uint8Array(70_000) }), { total: 0 }));
    expect([packet.payloadSize, packet.ipSize]).toEqual([70_000, 70_044]);
    expect([packet.transportChecksum, anomaliesOf(packet)]).toEqual([Checksum.right, []]);
  });

  it('leaves Ethernet padding out of the payload', () => {
    const frame = bytes(ethernet(0x0800, ipv4(udp(bytes('0102'), {}), { protocol: 17 })), 1, 2, 3);
    const packet = decode(frame);
    expect([packet.payloadSize, packet.payloadWireSize]).toEqual([2, 2]);
    expect(packet.transportChecksum).toBe(Checksum.right);
  });

  it('takes what it does not decode as other', () => {
    for (const protocol of [2, 50, 51, 58, 103, 255]) {
      const packet = decodeIp(ipv4(bytes('01020304'), { protocol }));
      expect(packet).toMatchObject({ transport: Transport.other, protocol, payloadSize: 4 });
      expect(anomaliesOf(packet)).toEqual([]);
    }
  });

  it('does not judge a checksum whose destination a source route hides', () => {
    const route = '830704c000026300';
    expect(decodeIp(ipv4(tcp(), { options: route })).transportChecksum).toBe(Checksum.unverified);
    const used = '830708c000026300';
    expect(decodeIp(ipv4(tcp(), { options: used })).transportChecksum).toBe(Checksum.right);
  });
});
