import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LinkType } from '../base/link-types.js';
import { Anomaly } from './anomaly.js';
import { Decoder } from './decoder.js';
import { Transport } from './packet.js';
import {
  bytes,
  ethernet,
  geneve,
  gre,
  icmp,
  ipv4,
  ipv6,
  tcp,
  udp,
  vlan,
  vxlan,
} from './testkit/build-frame.js';
import { checkBounds } from './testkit/decode.js';

const INNER = ethernet(0x0800, ipv4(tcp()));
const FRAMES = [
  INNER,
  ethernet(0x86dd, ipv6(tcp({ version: 6 }))),
  ethernet(0x8100, vlan(3, 0x0800, ipv4(udp(vxlan(4, INNER), { dst: 4789 }), { protocol: 17 }))),
  ethernet(0x0800, ipv4(udp(geneve(4, INNER), { dst: 6081 }), { protocol: 17 })),
  ethernet(0x0800, ipv4(gre(0x6558, INNER, { key: 1 }), { protocol: 47 })),
  ethernet(0x0800, ipv4(icmp(3, 1, bytes('00000000', ipv4(tcp()))), { protocol: 1 })),
  ethernet(0x0800, ipv4(tcp().slice(0, 16), { fragment: 0x2000 })),
];

describe('decoder', () => {
  it('forgets the frame before', () => {
    const decoder = new Decoder(8);
    const error = ipv4(icmp(3, 1, bytes('00000000', ipv4(tcp()))), { protocol: 1, tos: 4 });
    const frame = ethernet(0x8100, vlan(3, 0x0800, error));
    decoder.decode(frame, 0, frame.length, frame.length, 5, LinkType.ethernet);
    expect(decoder.packet.quotedVersion).toBe(4);
    expect(decoder.decode(INNER, 0, 0, 0, 6, LinkType.ethernet)).toBe(false);
    const fresh = new Decoder(8);
    fresh.decode(INNER, 0, 0, 0, 6, LinkType.ethernet);
    expect(decoder.packet).toEqual(fresh.packet);
  });

  it('counts an anomaly once per frame, by code', () => {
    const decoder = new Decoder(8);
    const frame = ipv4(tcp({ src: 0, dst: 0, checksum: 1 }), { checksum: 1 });
    for (let count = 0; count < 3; count++) {
      decoder.decode(frame, 0, frame.length, frame.length, 0, LinkType.ipv4);
    }
    expect(decoder.anomalyCounts[Anomaly.portZero]).toBe(3);
    expect(decoder.anomalyCounts[Anomaly.tcpChecksum]).toBe(3);
    expect(decoder.anomalyCounts[Anomaly.ipv4Checksum]).toBe(3);
    expect(decoder.anomalyCounts.reduce((sum, count) => sum + count)).toBe(9);
  });

  it('takes sizes that cannot be as the nearest that can', () => {
    const decoder = new Decoder(8);
    expect(decoder.decode(INNER, 0, 9999, 10, 0, LinkType.ethernet)).toBe(true);
    expect(decoder.packet).toMatchObject({ capturedSize: INNER.length, wireSize: INNER.length });
    expect(decoder.packet.transport).toBe(Transport.tcp);
  });

  it('reads a frame amid others as it reads it alone', () => {
    const [amid, alone] = [new Decoder(16), new Decoder(16)];
    const mutated = fc.tuple(
      fc.constantFrom(...FRAMES),
      fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 8 }),
      fc.nat(200),
      fc.uint8Array({ maxLength: 40 }),
      fc.uint8Array({ maxLength: 40 }),
    );
    fc.assert(
      fc.property(mutated, ([frame, changes, size, before, after]) => {
        const copy = frame.slice(0, Math.max(1, size));
        for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
        const all = Uint8Array.from([...before, ...copy, ...after]);
        const from = before.length;
        alone.decode(copy, 0, copy.length, frame.length, 0, LinkType.ethernet);
        amid.decode(all, from, copy.length, frame.length, 0, LinkType.ethernet);
        const expected = { ...alone.packet };
        // Where fields lie is told in the bytes they lie in: the frame, or a reassembly buffer.
        if (alone.packet.bytes === copy) {
          expected.bytes = all;
          for (const field of ['transportAt', 'payloadAt', 'tcpOptionsAt'] as const)
            if (expected[field] !== 0) expected[field] += from;
        }
        expect({ ...amid.packet }).toEqual(expected);
      }),
      { numRuns: 3000, seed: 20261125 },
    );
  });

  it('stays inside the bytes whatever the frame', () => {
    const decoder = new Decoder(16);
    const mutated = fc.tuple(
      fc.constantFrom(...FRAMES),
      fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 8 }),
      fc.nat(200),
      fc.nat(300),
      fc.constantFrom<number>(...Object.values(LinkType), 147),
    );
    fc.assert(
      fc.property(mutated, ([frame, changes, size, wire, linkType]) => {
        const copy = frame.slice(0, Math.max(1, size));
        for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
        for (const type of [LinkType.ethernet, linkType]) {
          decoder.decode(copy, 0, copy.length, wire, wire * 1000, type);
          checkBounds(decoder.packet);
          expect(Object.values(decoder.packet).every((value) => value !== undefined)).toBe(true);
          expect(Object.values(decoder.packet).some(Number.isNaN)).toBe(false);
        }
      }),
      { numRuns: 3000, seed: 20261124 },
    );
  });
});
