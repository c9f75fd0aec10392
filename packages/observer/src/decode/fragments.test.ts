import { describe, expect, it } from 'vitest';
import { LinkType } from '../base/link-types.js';
import { limits } from '../base/limits.js';
import { ANOMALY_NAMES } from './anomaly.js';
import { Decoder } from './decoder.js';
import { Checksum, Fragment, type Packet, Transport } from './packet.js';
import { bytes, extension, fragment6, icmp, ipv4, ipv6, tcp, udp } from './testkit/build-frame.js';
import { anomaliesOf } from './testkit/decode.js';

const { present, tiny, overlap, conflict, reassembled, continuation } = Fragment;
const MORE = 0x2000;
const SYN = tcp(); // 24 bytes: three units

/** Feeds packets to one decoder, a microsecond apart unless told. */
class Feed {
  readonly decoder: Decoder;
  timeUs = 1_000_000;
  constructor(fragmentsMax = 64) {
    this.decoder = new Decoder(fragmentsMax);
  }

  ip(packet: Uint8Array, captured = packet.length): Packet {
    this.timeUs++;
    const kept = packet.slice(0, captured);
    this.decoder.decode(kept, 0, captured, packet.length, this.timeUs, LinkType.raw);
    return this.decoder.packet;
  }

  /** One IPv4 fragment: payload bytes [from, to) of `whole`. */
  v4(whole: Uint8Array, from: number, to: number, fields: object = {}): Packet {
    const more = to < whole.length ? MORE : 0;
    return this.ip(ipv4(whole.slice(from, to), { fragment: more | (from / 8), ...fields }));
  }

  v6(whole: Uint8Array, from: number, to: number, next = 6, id = 9): Packet {
    const more = to < whole.length;
    return this.ip(ipv6(fragment6(next, from, more, id, whole.slice(from, to)), { next: 44 }));
  }

  counts(name: string): number {
    return this.decoder.anomalyCounts[ANOMALY_NAMES.indexOf(name)];
  }
}

const bitsOf = (packet: Packet) => [packet.fragment, packet.transport];

describe('a split TCP header (nmap -f)', () => {
  it('is one packet, at the fragment that completes it', () => {
    const feed = new Feed();
    expect(bitsOf(feed.v4(SYN, 0, 8))).toEqual([present | tiny, Transport.none]);
    expect(anomaliesOf(feed.decoder.packet)).toEqual(['fragment_tiny']);
    expect(bitsOf(feed.v4(SYN, 8, 16))).toEqual([present, Transport.none]);
    const packet = feed.v4(SYN, 16, 24);
    expect(bitsOf(packet)).toEqual([present | tiny | reassembled, Transport.tcp]);
    expect(packet).toMatchObject({
      srcPort: 40000,
      dstPort: 443,
      tcpSeq: 0x01020304,
      tcpOptionsSize: 4,
      transportChecksum: Checksum.right,
      payloadWireSize: 0,
    });
    expect([...packet.bytes.slice(packet.transportAt, packet.transportAt + 24)]).toEqual([...SYN]);
  });

  it.each([[[2, 1, 0]], [[1, 2, 0]], [[0, 2, 1]], [[2, 0, 1]]])(
    'comes together in any order: %s',
    (order) => {
      const feed = new Feed();
      const seen = order.map((unit) => {
        const packet = feed.v4(SYN, unit * 8, unit * 8 + 8);
        return [packet.transport, packet.dstPort];
      });
      expect(seen).toEqual([
        [Transport.none, 0],
        [Transport.none, 0],
        [Transport.tcp, 443],
      ]);
      expect(feed.decoder.packet.fragment).toBe(present | tiny | reassembled);
    },
  );

  it('is decoded before its payload is complete, and only once', () => {
    const feed = new Feed();
    const probe = tcp({ payload: new Uint8Array(40) });
    feed.v4(probe, 0, 16);
    const packet = feed.v4(probe, 16, 32);
    expect(bitsOf(packet)).toEqual([present | tiny | reassembled, Transport.tcp]);
    expect([packet.transportChecksum, packet.payloadSize]).toEqual([Checksum.unverified, 8]);
    expect(bitsOf(feed.v4(probe, 32, 64))).toEqual([present | continuation, Transport.none]);
  });

  it('is given up as truncated when the datagram ends inside it', () => {
    const feed = new Feed();
    feed.v4(SYN.slice(0, 16), 0, 8);
    const packet = feed.v4(SYN.slice(0, 16), 8, 16);
    expect(bitsOf(packet)).toEqual([present | tiny | reassembled, Transport.other]);
    expect(anomaliesOf(packet)).toEqual(['tcp_truncated']);
  });

  it('waits for the options the data offset promises', () => {
    const feed = new Feed();
    const probe = tcp({ options: '020405b40402080a0000000100000000' });
    expect(bitsOf(feed.v4(probe, 0, 24))).toEqual([present | tiny, Transport.none]);
    expect(bitsOf(feed.v4(probe, 24, 36))[1]).toBe(Transport.tcp);
    expect(feed.decoder.packet.tcpOptionsSize).toBe(16);
  });

  it('is not waited for when the snapshot cut it', () => {
    const feed = new Feed();
    const packet = feed.ip(ipv4(SYN, { fragment: MORE }), 30);
    expect(bitsOf(packet)).toEqual([present, Transport.other]);
    expect(anomaliesOf(packet)).toEqual(['tcp_truncated']);
  });
});

describe('a whole header in the first fragment', () => {
  it.each<[string, number, Uint8Array, Transport]>([
    ['tcp', 6, tcp({ payload: new Uint8Array(100) }), Transport.tcp],
    ['udp', 17, udp(new Uint8Array(100)), Transport.udp],
    ['icmp', 1, icmp(8, 0, new Uint8Array(100)), Transport.icmp],
  ])('is decoded at once: %s', (_, protocol, whole, transport) => {
    const feed = new Feed();
    const packet = feed.v4(whole, 0, 48, { protocol });
    expect(bitsOf(packet)).toEqual([present, transport]);
    expect(anomaliesOf(packet)).toEqual([]);
    expect(packet.transportChecksum).toBe(Checksum.unverified);
    expect(packet.transportAt).toBe(20);
    expect(bitsOf(feed.v4(whole, 48, 104, { protocol }))).toEqual([
      present | continuation,
      Transport.none,
    ]);
  });

  it('may come last', () => {
    const feed = new Feed();
    const whole = udp(new Uint8Array(100));
    expect(bitsOf(feed.v4(whole, 48, 108, { protocol: 17 }))).toEqual([present, Transport.none]);
    expect(bitsOf(feed.v4(whole, 0, 48, { protocol: 17 }))).toEqual([present, Transport.udp]);
  });
});

describe('overlapping fragments', () => {
  it('are named, and what came first stays', () => {
    const feed = new Feed();
    const other = tcp({ dst: 22 });
    feed.v4(SYN, 0, 8);
    const packet = feed.v4(other, 0, 16);
    expect(packet.fragment).toBe(present | tiny | overlap | conflict);
    expect(anomaliesOf(packet)).toEqual(['fragment_tiny', 'fragment_overlap', 'fragment_conflict']);
    const last = feed.v4(SYN, 16, 24);
    expect(last.fragment).toBe(present | tiny | overlap | conflict | reassembled);
    expect(last.dstPort).toBe(443);
  });

  it('agree when they hold the same bytes', () => {
    const feed = new Feed();
    feed.v4(SYN, 0, 16);
    expect(feed.v4(SYN, 8, 24).fragment).toBe(present | tiny | overlap | reassembled);
  });

  it('are found after the packet was decoded', () => {
    const feed = new Feed();
    const other = tcp({ flags: 0, window: 0 });
    feed.v4(SYN, 0, 8);
    feed.v4(SYN, 8, 24);
    expect(bitsOf(feed.v4(other, 8, 24))).toEqual([
      present | overlap | conflict | continuation,
      Transport.none,
    ]);
  });

  it('are told from copies, which the span port makes', () => {
    const feed = new Feed();
    for (const [from, to] of [
      [0, 8],
      [8, 16],
      [16, 24],
    ]) {
      feed.v4(SYN, from, to);
      const copy = feed.v4(SYN, from, to);
      expect(copy.fragment & (overlap | conflict)).toBe(0);
      if (to === 24) expect(bitsOf(copy)).toEqual([present | continuation, Transport.none]);
    }
  });

  it('disagree when they end the datagram at different places', () => {
    const feed = new Feed();
    feed.v4(SYN, 16, 24);
    const packet = feed.ip(ipv4(new Uint8Array(8), { fragment: 5 }));
    expect(packet.fragment).toBe(present | conflict);
  });
});

describe('identifications used again', () => {
  it('begin a new datagram once the last one is complete', () => {
    const feed = new Feed();
    for (const dst of [80, 443, 22]) {
      const probe = tcp({ dst });
      feed.v4(probe, 0, 16);
      const packet = feed.v4(probe, 16, 24);
      expect([packet.fragment, packet.dstPort]).toEqual([present | tiny | reassembled, dst]);
    }
  });

  it('begin a new datagram after the timeout, in either direction of time', () => {
    for (const step of [limits.fragmentTimeoutUs + 1, -limits.fragmentTimeoutUs - 3]) {
      const feed = new Feed();
      feed.timeUs = 50_000_000;
      feed.v4(SYN, 0, 16);
      feed.timeUs += step;
      expect(bitsOf(feed.v4(SYN, 16, 24))).toEqual([present, Transport.none]);
      expect(feed.counts('fragment_table_full')).toBe(0);
    }
  });

  it('are kept apart by protocol and addresses', () => {
    const feed = new Feed();
    feed.v4(SYN, 0, 16);
    expect(feed.v4(SYN, 16, 24, { protocol: 17 }).transport).toBe(Transport.none);
    expect(feed.v4(SYN, 16, 24, { src: '203.0.113.8' }).transport).toBe(Transport.none);
    expect(feed.v4(SYN, 16, 24, { id: 8 }).transport).toBe(Transport.none);
    expect(feed.v4(SYN, 16, 24).transport).toBe(Transport.tcp);
  });
});

describe('ipv6 fragments', () => {
  const SYN6 = tcp({ version: 6 });

  it('are put together', () => {
    const feed = new Feed();
    expect(bitsOf(feed.v6(SYN6, 0, 8))).toEqual([present | tiny, Transport.none]);
    feed.v6(SYN6, 16, 24);
    const packet = feed.v6(SYN6, 8, 16);
    expect(bitsOf(packet)).toEqual([present | tiny | reassembled, Transport.tcp]);
    expect(packet).toMatchObject({
      dstPort: 443,
      ipId: 9,
      ipOptionsSize: 8,
      transportChecksum: Checksum.right,
    });
  });

  it('go on with the first fragment’s protocol, and through its extension headers', () => {
    const feed = new Feed();
    const whole = extension(6, SYN6);
    expect(bitsOf(feed.v6(whole, 0, 24, 60))).toEqual([present | tiny, Transport.none]);
    const packet = feed.v6(whole, 24, 32, 59);
    expect(bitsOf(packet)).toEqual([present | tiny | reassembled, Transport.tcp]);
    expect([packet.protocol, packet.dstPort, packet.ipOptionsSize]).toEqual([6, 443, 16]);
  });

  it('are decoded at once when the first holds all headers', () => {
    const feed = new Feed();
    const whole = extension(17, udp(new Uint8Array(64), { version: 6 }));
    expect(bitsOf(feed.v6(whole, 0, 40, 60))).toEqual([present, Transport.udp]);
    expect(bitsOf(feed.v6(whole, 40, 80, 60))).toEqual([present | continuation, Transport.none]);
  });
});

describe('bounds', () => {
  it('refuses fragments beyond the largest datagram', () => {
    const feed = new Feed();
    const packet = feed.ip(ipv4(new Uint8Array(16), { fragment: 0x1fff }));
    expect([bitsOf(packet), anomaliesOf(packet)]).toEqual([
      [present, Transport.none],
      ['fragment_too_far'],
    ]);
  });

  it('keeps fragments of odd sizes out, but reads a whole header', () => {
    const feed = new Feed();
    const odd = feed.ip(ipv4(SYN.slice(0, 9), { fragment: MORE }));
    expect(anomaliesOf(odd)).toEqual(['fragment_tiny', 'fragment_length']);
    expect(feed.v4(SYN, 8, 24).transport).toBe(Transport.none);
    const whole = feed.ip(ipv4(tcp({ payload: bytes('01') }), { fragment: MORE, id: 99 }));
    expect([bitsOf(whole), anomaliesOf(whole)]).toEqual([
      [present, Transport.tcp],
      ['fragment_length'],
    ]);
  });

  it('gives up decoded datagrams first, then the oldest unfinished one, and counts it', () => {
    const feed = new Feed(1); // one bucket of eight
    for (let id = 1; id <= 7; id++) feed.v4(SYN, 0, 16, { id });
    feed.v4(SYN, 0, 16, { id: 8 });
    feed.v4(SYN, 16, 24, { id: 8 });
    feed.v4(SYN, 0, 16, { id: 9 }); // takes the place of 8
    expect(feed.counts('fragment_table_full')).toBe(0);
    feed.v4(SYN, 0, 16, { id: 10 }); // takes the place of 1
    expect(feed.counts('fragment_table_full')).toBe(1);
    expect(feed.v4(SYN, 16, 24, { id: 2 }).transport).toBe(Transport.tcp);
    expect(feed.v4(SYN, 16, 24, { id: 9 }).transport).toBe(Transport.tcp);
    expect(feed.v4(SYN, 16, 24, { id: 1 }).transport).toBe(Transport.none);
  });

  it('keeps what fits of a fragment larger than the buffer', () => {
    const feed = new Feed();
    const whole = tcp({ payload: new Uint8Array(600) });
    expect(feed.v4(whole, 16, 624).transport).toBe(Transport.none);
    const packet = feed.v4(whole, 0, 16);
    expect(bitsOf(packet)).toEqual([present | tiny | reassembled, Transport.tcp]);
    expect([packet.payloadSize, packet.transportChecksum]).toEqual([
      limits.fragmentBufferSize - 24,
      Checksum.unverified,
    ]);
  });
});
