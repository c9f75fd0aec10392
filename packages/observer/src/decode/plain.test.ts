import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LinkType } from '../base/link-types.js';
import { Decoder } from './decoder.js';
import { Packet, Transport } from './packet.js';
import { PlainDecoder } from './plain.js';
import { bytes, ethernet, icmp, ipv4, ipv6, tcp, udp, vlan, vxlan } from './testkit/build-frame.js';

const PLAIN = [
  ethernet(0x0800, ipv4(tcp())),
  ethernet(0x0800, ipv4(tcp({ payload: new Uint8Array(301).fill(0x61) }))),
  ethernet(0x0800, ipv4(udp(bytes('616263')), { protocol: 17 })),
  ethernet(0x0800, ipv4(udp(bytes('')), { protocol: 17 })),
];
const OTHERS = [
  ethernet(0x86dd, ipv6(tcp({ version: 6 }))),
  ethernet(0x8100, vlan(3, 0x0800, ipv4(tcp()))),
  ethernet(0x0800, ipv4(udp(vxlan(4, PLAIN[0]), { dst: 4789 }), { protocol: 17 })),
  ethernet(0x0800, ipv4(icmp(3, 1, bytes('00000000', ipv4(tcp()))), { protocol: 1 })),
];

/** A frame with some bytes changed, and how much of it was captured. */
const frame = fc
  .tuple(
    fc.constantFrom(...PLAIN, ...PLAIN, ...OTHERS),
    fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 2 }),
    fc.option(fc.nat(400), { freq: 4 }),
  )
  .map(([original, changes, captured]) => {
    const wire = original.length;
    const changed = original.slice(0, captured ?? wire);
    for (const [at, value] of changes) if (at < changed.length) changed[at] = value;
    return { frame: changed, wire };
  });

/** All fields but the bytes, which are the frame's. */
function facts({ bytes: _, ...rest }: Packet): object {
  return rest;
}

describe('plain frames', () => {
  it.each(PLAIN)('are decoded the short way: %#', (plain) => {
    const packet = new Packet();
    const decoder = new PlainDecoder(packet);
    expect(decoder.decode(plain, 0, plain.length, plain.length, 5)).toBe(true);
    expect(packet.transport === Transport.tcp || packet.transport === Transport.udp).toBe(true);
  });

  it.each(OTHERS)('are not any others: %#', (other) => {
    const decoder = new PlainDecoder(new Packet());
    expect(decoder.decode(other, 0, other.length, other.length, 5)).toBe(false);
  });

  it('say what the walk says of them, whatever came before', () => {
    fc.assert(
      fc.property(fc.array(frame, { minLength: 1, maxLength: 12 }), (frames) => {
        const decoder = new Decoder(8);
        for (const { frame: at, wire } of frames) {
          const walking = new Decoder(8);
          const size = at.length;
          walking.decodeWalking(at, 0, size, Math.max(size, wire), 7, LinkType.ethernet);
          decoder.decode(at, 0, size, wire, 7, LinkType.ethernet);
          // A datagram in pieces depends on those before it.
          if (walking.packet.fragment !== 0) continue;
          expect(facts(decoder.packet)).toEqual(facts(walking.packet));
        }
      }),
      { numRuns: 2000 },
    );
  });
});
