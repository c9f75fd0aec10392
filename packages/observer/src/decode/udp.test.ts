import { describe, expect, it } from 'vitest';
import { LinkType } from '../base/link-types.js';
import { Checksum, Transport } from './packet.js';
import {
  bytes,
  ipv4,
  ipv6,
  offloadChecksum,
  udp,
  type UdpFields,
  vxlan,
} from './testkit/build-frame.js';
import { anomaliesOf, decode, truncations } from './testkit/decode.js';

const PAYLOAD = bytes('0001020304');
const decodeUdp = (fields: UdpFields = {}, payload = PAYLOAD) =>
  decode(ipv4(udp(payload, fields), { protocol: 17 }), LinkType.ipv4);

describe('udp', () => {
  it('reads every field', () => {
    expect(decodeUdp({ src: 5353, dst: 161 })).toMatchObject({
      transport: Transport.udp,
      srcPort: 5353,
      dstPort: 161,
      transportAt: 20,
      payloadAt: 28,
      payloadSize: 5,
      payloadWireSize: 5,
      transportChecksum: Checksum.right,
    });
  });

  it('names each truncation of the header', () => {
    const found = truncations(ipv4(udp(PAYLOAD), { protocol: 17 }), LinkType.ipv4);
    for (let size = 20; size < 28; size++) expect(found[size]).toContain('udp_truncated');
    for (let size = 28; size < 33; size++) expect(found[size]).toEqual(['ipv4_total_length']);
  });

  it('counts the wire where the snapshot ends before it', () => {
    const frame = ipv4(udp(new Uint8Array(100)), { protocol: 17 });
    const packet = decode(frame.slice(0, 60), LinkType.ipv4, frame.length);
    expect(packet).toMatchObject({ payloadSize: 32, payloadWireSize: 100, transportChecksum: 0 });
    expect(anomaliesOf(packet)).toEqual([]);
  });

  it('ends the payload where the length says', () => {
    expect(decodeUdp({ length: 10, checksum: 0 })).toMatchObject({
      payloadSize: 2,
      payloadWireSize: 2,
    });
  });

  it.each([0, 7, 14, 65535])('refuses a length of %i', (length) => {
    const packet = decodeUdp({ length });
    expect([packet.transport, anomaliesOf(packet)]).toEqual([Transport.other, ['udp_length']]);
  });

  it('notes port 0', () => {
    expect(anomaliesOf(decodeUdp({ src: 0 }))).toEqual(['port_zero']);
  });
});

describe('udp checksum', () => {
  it('tells right, absent, offload, --badsum and wrong apart', () => {
    const judge = (checksum: number) => decodeUdp({ checksum }).transportChecksum;
    const right = udp(PAYLOAD).slice(6, 8);
    const badsum = ((right[1] << 8) | right[0]) - 1;
    expect(judge(0)).toBe(Checksum.right);
    expect(judge(offloadChecksum(4, 17, 13))).toBe(Checksum.offload);
    expect(judge(((badsum & 0xff) << 8) | (badsum >>> 8))).toBe(Checksum.nmapBadsum);
    expect(judge(0x1234)).toBe(Checksum.wrong);
    expect(anomaliesOf(decodeUdp({ checksum: 0x1234 }))).toEqual(['udp_checksum']);
  });

  it("takes Nmap's 0xffff in place of 0", () => {
    // Find a datagram whose right checksum is 1 as a little-endian host reads it.
    for (let low = 0; low < 65536; low++) {
      const payload = bytes(low >>> 8, low & 0xff);
      const sum = udp(payload).slice(6, 8);
      if (sum[0] !== 1 || sum[1] !== 0) continue;
      expect(decodeUdp({ checksum: 0xffff }, payload).transportChecksum).toBe(Checksum.nmapBadsum);
      return;
    }
    expect.unreachable('some payload has that sum');
  });

  it('may be absent over IPv6 in tunnels only', () => {
    const over6 = (payload: Uint8Array, dst: number) =>
      decode(ipv6(udp(payload, { version: 6, dst, checksum: 0 }), { next: 17 }), LinkType.ipv6);
    expect(over6(PAYLOAD, 53).transportChecksum).toBe(Checksum.wrong);
    expect(over6(vxlan(1, PAYLOAD), 4789).transportChecksum).toBe(Checksum.right);
  });
});
