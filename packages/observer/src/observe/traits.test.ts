import { describe, expect, it } from 'vitest';
import { Trait } from '../../../plugin-api/src/batch-layout.js';
import { LinkType } from '../base/link-types.js';
import { Decoder } from '../decode/decoder.js';
import {
  be16,
  be32,
  bytes,
  extension,
  icmp,
  type Ipv4Fields,
  ipv4,
  ipv6,
  type TcpFields,
  tcp,
  udp,
} from '../decode/testkit/build-frame.js';
import { probeTraits } from './traits.js';

/** Names of the traits of one packet. */
function traitsOf(frame: Uint8Array): string[] {
  const decoder = new Decoder(8);
  decoder.decode(frame, 0, frame.length, frame.length, 0, LinkType.raw);
  const traits = probeTraits(decoder.packet);
  return Object.keys(Trait).filter((name) => (traits & Trait[name as keyof typeof Trait]) !== 0);
}

const DF = 0x4000;
/** Low half of 198.51.100.9. */
const TARGET_LOW = 0x6409;
const LINUX = '020405b40402080a000000010000000001030307';
const over4 = (fields: TcpFields, header: Ipv4Fields = {}) => traitsOf(ipv4(tcp(fields), header));
const udp4 = (payload: Uint8Array, dst: number, header: Ipv4Fields = {}, src = 40000) =>
  traitsOf(ipv4(udp(payload, { dst, src }), { protocol: 17, ...header }));

describe('honest packets', () => {
  it.each<[string, string[]]>([
    ['a Linux SYN', over4({ options: LINUX, window: 64240 }, { fragment: DF })],
    [
      'a Windows SYN',
      over4({ options: '020405b40103030801010402', window: 64240 }, { fragment: DF, ttl: 120 }),
    ],
    ['data', over4({ flags: 0x18, ack: 5, options: '', payload: bytes('01') }, { fragment: DF })],
    ['a DNS answer', udp4(bytes('1234 8180 0001 0001 0000 0000'), 40000, { fragment: DF }, 53)],
    ['ping', traitsOf(ipv4(icmp(8, 0, new Uint8Array(60)), { protocol: 1, fragment: DF }))],
    ['IPv6', traitsOf(ipv6(tcp({ version: 6, options: LINUX, window: 64800 })))],
  ])('%s has no trait', (_, traits) => {
    expect(traits).toEqual([]);
  });
});

describe('masscan', () => {
  const mark = (value: number, port: number) => (TARGET_LOW ^ port ^ value) & 0xffff;

  it('is told by the identification of its SYN, with or without an MSS', () => {
    const id = mark(0x0304, 443);
    expect(over4({ options: '' }, { id, ttl: 250 })).toEqual([
      'markCandidate',
      'markMasscan',
      'rawStack',
    ]);
    expect(over4({ window: 1025 }, { id })).toEqual(['markCandidate', 'markMasscan', 'rawStack']);
    expect(over4({ options: '' }, { id: id ^ 1 })).toEqual(['markCandidate', 'rawStack']);
    expect(over4({ options: '', flags: 0x12, ack: 1 }, { id })).toEqual([]);
  });

  it.each([53, 111, 137, 2049])('is told by the transaction id of UDP port %i', (port) => {
    const question = bytes('beef 0120', new Uint8Array(20));
    expect(udp4(question, port, { id: mark(0xbeef, port) })).toEqual([
      'markCandidate',
      'markMasscan',
    ]);
    expect(udp4(question, port, { id: 1 })).toEqual(['markCandidate']);
    expect(udp4(bytes('be'), port, { id: mark(0xbe00, port) })).toEqual(['markCandidate']);
  });

  it('is told by the request id of SNMP', () => {
    const question = bytes('3039020100040670 75626c6963a02c0204 413f4342', '020100');
    expect(udp4(question, 161, { id: mark(0x4342, 161) })).toContain('markMasscan');
  });

  it('is told by the initiate tag of SCTP', () => {
    const init = (tag: number) =>
      bytes(
        be16(40000),
        be16(80),
        be32(0),
        be32(0),
        '01000014',
        be32(tag),
        '00001000 000a000a',
        be32(tag),
      );
    const header = { protocol: 132, id: mark(0x5678, 80) };
    expect(traitsOf(ipv4(init(0x12345678), header))).toEqual(['markCandidate', 'markMasscan']);
    expect(traitsOf(ipv4(init(0x12345679), header))).toEqual(['markCandidate']);
  });

  it('is told by the template of its echo request', () => {
    const data = Uint8Array.from({ length: 48 }, (_, at) => at + 8);
    const echo = (payload: Uint8Array, ttl: number) =>
      traitsOf(ipv4(icmp(8, 0, bytes('12345678', payload)), { protocol: 1, ttl }));
    expect(echo(data, 250)).toEqual(['markCandidate', 'markMasscan']);
    expect(echo(data, 60)).toEqual(['markCandidate']);
    expect(echo(data.slice(1), 250)).toEqual(['markCandidate']);
  });

  it('is told by its untouched template over IPv6', () => {
    const syn = (fields: TcpFields, hopLimit: number) =>
      traitsOf(ipv6(tcp({ version: 6, options: '', ...fields }), { hopLimit }));
    expect(syn({}, 254)).toEqual(['markCandidate', 'markMasscan', 'rawStack']);
    expect(syn({}, 60)).toEqual(['markCandidate', 'rawStack']);
    expect(syn({ window: 512 }, 254)).toEqual(['markCandidate', 'rawStack']);
  });
});

describe('zmap', () => {
  const ID = 54321;

  it('is told by its identification, on a SYN, a datagram or an echo', () => {
    expect(over4({ options: '', window: 65535 }, { id: ID })).toContain('markZmap');
    expect(over4({ window: 65535 }, { id: ID, ttl: 250 })).toContain('markZmap');
    expect(udp4(bytes('00'), 5060, { id: ID })).toContain('markZmap');
    expect(traitsOf(ipv4(icmp(8, 0, new Uint8Array(16)), { protocol: 1, id: ID }))).toEqual([
      'markCandidate',
      'markZmap',
    ]);
    expect(over4({ options: '', window: 1000 }, { id: ID })).not.toContain('markZmap');
    expect(over4({ options: LINUX, window: 65535 }, { id: ID, fragment: DF })).toEqual([]);
  });

  it.each([
    ['smallest', '020405b4'],
    ['windows', '020405b40103030801010402'],
    ['linux', '020405b40402080a671b2c3d0000000001030307'],
    ['bsd', '020405b4010303060101080a671b2c3d0000000004020000'],
  ])('4.1 is told by its %s options without DF', (_, options) => {
    const syn = (fields: TcpFields, header: Ipv4Fields) =>
      over4({ options, window: 65535, ...fields }, header).includes('markZmap');
    expect(syn({}, {})).toBe(true);
    expect(syn({}, { fragment: DF })).toBe(false);
    expect(syn({}, { ttl: 120 })).toBe(false);
    expect(syn({ window: 64240 }, {})).toBe(false);
    expect(syn({ options: options.replace('05b4', '05b0') }, {})).toBe(false);
  });
});

describe('mirai', () => {
  it('is told by a sequence number that is the target', () => {
    const fields = { options: '', window: 0x1234, dst: 23 };
    expect(over4({ ...fields, seq: 0xc6336409 })).toEqual([
      'markCandidate',
      'markMirai',
      'rawStack',
    ]);
    expect(over4({ ...fields, seq: 0xc6336408 })).toEqual(['markCandidate', 'rawStack']);
  });
});

describe('nmap', () => {
  const isNmap = (fields: TcpFields, header: Ipv4Fields = {}) =>
    over4(fields, header).includes('markNmap');

  it('is told by the window and MSS of its SYN', () => {
    for (const window of [1024, 2048, 3072, 4096]) expect(isNmap({ window })).toBe(true);
    expect(isNmap({ window: 1025 })).toBe(false);
    expect(isNmap({ window: 5120 })).toBe(false);
    expect(isNmap({ options: '020405a0' })).toBe(false);
    expect(isNmap({}, { fragment: DF })).toBe(false);
  });

  it('is told by the numbers of its other probes', () => {
    const probe = (flags: number, seq: number, ack: number) =>
      isNmap({ flags, seq, ack, options: '' });
    for (const flags of [0x10, 0x11]) {
      expect(probe(flags, 0, 77)).toBe(true);
      expect(probe(flags, 77, 77)).toBe(false);
    }
    for (const flags of [0, 0x01, 0x29]) {
      expect(probe(flags, 77, 0)).toBe(true);
      expect(probe(flags, 77, 77)).toBe(false);
    }
    expect(probe(0x04, 77, 0)).toBe(false);
  });

  it('is told by its OS detection, DF or not', () => {
    const options = '03030a0102040109080affffffff000000000402';
    expect(isNmap({ options, flags: 0x2b, window: 256 })).toBe(true);
    expect(isNmap({ options, flags: 0, window: 128 }, { fragment: DF })).toBe(true);
    expect(isNmap({ flags: 0xc2, window: 3, urgent: 0xf7f5, options: '' })).toBe(true);
    expect(isNmap({ options: LINUX, flags: 0x10, window: 512 }, { fragment: DF })).toBe(false);
    const c300 = new Uint8Array(300).fill(0x43);
    expect(udp4(c300, 40000, { id: 0x1042 })).toContain('markNmap');
    expect(udp4(c300, 40000, { id: 0x1043 })).not.toContain('markNmap');
    const echo = (seq: number) =>
      traitsOf(ipv4(icmp(8, 9, bytes('1234', be16(seq), '00')), { protocol: 1, fragment: DF }));
    expect(echo(295)).toContain('markNmap');
    expect(echo(296)).not.toContain('markNmap');
  });
});

describe('evasion', () => {
  it('tells bad checksums from offloaded ones', () => {
    const options = LINUX;
    expect(over4({ options, window: 64240, checksum: 1 }, { fragment: DF })).toEqual([
      'badChecksum',
    ]);
    expect(over4({ options, window: 64240 }, { fragment: DF, checksum: 1 })).toEqual([
      'badChecksum',
    ]);
    expect(over4({ options, window: 64240 }, { fragment: DF, checksum: 0 })).toEqual([]);
    const right = tcp().slice(16, 18);
    expect(over4({ checksum: ((right[0] - 1) << 8) | right[1] })).toEqual(
      expect.arrayContaining(['badChecksum', 'nmapBadsum']),
    );
  });

  it('sees data on probes that have none, but not Fast Open', () => {
    const payload = bytes('00');
    for (const flags of [0x02, 0x01, 0x00, 0x29]) {
      expect(over4({ flags, payload })).toContain('probeWithData');
      expect(over4({ flags })).not.toContain('probeWithData');
    }
    for (const flags of [0x11, 0x10, 0x18, 0x12]) {
      expect(over4({ flags, ack: 1, payload })).not.toContain('probeWithData');
    }
    expect(over4({ payload, options: '020405b422061122334400'.padEnd(24, '0') })).not.toContain(
      'probeWithData',
    );
    expect(over4({ payload, options: 'fe04f98901010101' })).not.toContain('probeWithData');
  });

  it('sees IP options and extension headers', () => {
    expect(over4({}, { options: '01010100' })).toContain('ipOptions');
    expect(traitsOf(ipv6(extension(6, tcp({ version: 6 })), { next: 0 }))).toContain('ipOptions');
  });

  it('sees split headers and overlaps where the packet completes', () => {
    const decoder = new Decoder(8);
    const feed = (part: Uint8Array, fragment: number) => {
      const frame = ipv4(part, { fragment });
      decoder.decode(frame, 0, frame.length, frame.length, 0, LinkType.raw);
      return probeTraits(decoder.packet);
    };
    feed(tcp().slice(0, 8), 0x2000);
    feed(tcp({ dst: 22 }).slice(0, 8), 0x2000);
    const traits = feed(tcp().slice(8), 1);
    expect(traits & Trait.fragmentTiny).not.toBe(0);
    expect(traits & Trait.fragmentOverlap).not.toBe(0);
    expect(traits & Trait.markNmap).not.toBe(0);
  });

  it('sees echo requests without payload', () => {
    expect(traitsOf(ipv4(icmp(8, 0, bytes('00010001')), { protocol: 1 }))).toContain('emptyEcho');
    expect(traitsOf(ipv4(icmp(8, 0, bytes('0001000100')), { protocol: 1 }))).not.toContain(
      'emptyEcho',
    );
  });
});

describe('trusted source port', () => {
  const isTrusted = (traits: string[]) => traits.includes('trustedSourcePort');

  it.each([
    [53, 22, true],
    [53, 53, false],
    [88, 445, true],
    [88, 88, false],
    [123, 80, true],
    [67, 67, true],
    [20, 80, true],
    [20, 40000, false],
    [54, 22, false],
  ])('of a SYN from %i to %i: %s', (src, dst, expected) => {
    expect(isTrusted(over4({ src, dst }))).toBe(expected);
    expect(isTrusted(over4({ src, dst, flags: 0x12, ack: 1 }))).toBe(false);
  });

  it.each<[number, number, string, boolean]>([
    [53, 161, '12348180 00010001 00000000', true],
    [53, 53, '12340100 00010000 00000000', false],
    [53, 40000, '12348180 00010001 00000000', false],
    [53, 40000, '12340100 00010000 00000000', true],
    [53, 40000, '', true],
    [123, 123, '23', false],
    [123, 40000, '24', false],
    [123, 40000, '', true],
    [123, 161, '24', true],
    [67, 68, '02', false],
    [67, 161, '02', true],
    [88, 40000, '02', false],
    [20, 161, '02', false],
  ])('of a datagram from %i to %i with %j: %s', (src, dst, payload, expected) => {
    expect(isTrusted(udp4(bytes(payload), dst, {}, src))).toBe(expected);
  });
});
