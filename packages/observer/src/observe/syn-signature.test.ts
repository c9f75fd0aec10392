import { describe, expect, it } from 'vitest';
import { LinkType } from '../base/link-types.js';
import {
  extension,
  type Ipv4Fields,
  ipv4,
  ipv6,
  type TcpFields,
  tcp,
} from '../decode/testkit/build-frame.js';
import { Decoder } from '../decode/decoder.js';
import { initialTtl, writeSynSignature } from './syn-signature.js';

function signatureOf(frame: Uint8Array, wire = frame.length): string {
  const decoder = new Decoder(8);
  decoder.decode(frame, 0, frame.length, wire, 0, LinkType.raw);
  const out = new Uint8Array(64).fill(0xee);
  return Buffer.from(out.subarray(0, writeSynSignature(decoder.packet, out))).toString('hex');
}

const of4 = (fields: TcpFields = {}, header: Ipv4Fields = {}) =>
  signatureOf(ipv4(tcp(fields), header));
const quirksOf = (text: string) => Number.parseInt(text.slice(18, 26), 16);
const kindsOf = (text: string) => text.slice(30);

describe('writeSynSignature', () => {
  it('writes every field', () => {
    const options = '020405b40402080a000000010000000001030307';
    expect(of4({ options, window: 64240 }, { ttl: 57, fragment: 0x4000 })).toBe(
      '0440' + '00' + '05b4' + 'faf0' + '07' + '00' + '00000003' + '00' + '05' + '0204080103',
    );
  });

  it('marks absent options, counts IP options, and classes the payload', () => {
    const text = of4({ options: '', payload: Uint8Array.of(1) }, { options: '01010100' });
    expect(text).toBe('0440' + '04' + 'ffff' + '0400' + 'ff' + '01' + '00000000' + '00' + '00');
  });

  it.each<[string, number, string]>([
    ['df', 0, of4({}, { fragment: 0x4000, id: 0 })],
    ['id- without df', 2, of4({}, { id: 0 })],
    ['ecn in IP', 3, of4({}, { tos: 1 })],
    ['ecn in TCP', 3, of4({ flags: 0xc2 })],
    ['0+', 4, of4({}, { fragment: 0x8000 })],
    ['flow', 5, signatureOf(ipv6(tcp({ version: 6 }), { flow: 1 }))],
    ['seq-', 6, of4({ seq: 0 })],
    ['ack+', 7, of4({ ack: 1 })],
    ['ack-', 8, of4({ flags: 0x12 })],
    ['uptr+', 9, of4({ urgent: 1 })],
    ['urgf+', 10, of4({ flags: 0x22 })],
    ['pushf+', 11, of4({ flags: 0x0a })],
    ['ts1-', 12, of4({ options: '080a00000000000000000101' })],
    ['ts2+', 13, of4({ options: '080a00000001000000010101' })],
    ['opt+', 14, of4({ options: '00000001' })],
    ['exws', 15, of4({ options: '0103030f' })],
    ['bad: length of a known option', 16, of4({ options: '02030505' })],
  ])('sees the quirk %s', (_, bit, text) => {
    expect(quirksOf(text)).toBe(1 << bit);
  });

  it('sees id+ beside df only', () => {
    expect(quirksOf(of4({}, { fragment: 0x4000 }))).toBe(0b11);
    expect(quirksOf(of4())).toBe(0);
  });

  it('takes the echo of a SYN-ACK’s time stamp as it is', () => {
    const fields = { flags: 0x12, ack: 1, options: '080a00000001000000010101' };
    expect(quirksOf(of4(fields))).toBe(0);
  });

  it('counts padding after the end of the list', () => {
    const text = of4({ options: '020405b400000000' });
    expect([text.slice(26, 28), kindsOf(text)]).toEqual(['03', '0200']);
  });

  it.each([
    ['runs past the end', '0101010a', '0101010a'],
    ['has length 0', 'fd000101', 'fd'],
    ['has a SACK of impossible size', '05080000', '05'],
  ])('stops at an option that %s, but counts its kind', (_, options, kinds) => {
    const text = of4({ options });
    expect(quirksOf(text)).toBe(1 << 16);
    expect(kindsOf(text)).toBe(kinds);
  });

  it('reads 24 options at most', () => {
    const text = of4({ options: '01'.repeat(40) });
    expect(text.length).toBe(2 * (15 + 24));
    expect(quirksOf(text)).toBe(1 << 16);
  });

  it('calls options bad that the snapshot cut', () => {
    const frame = ipv4(tcp({ options: '020405b401030307' }));
    const text = signatureOf(frame.slice(0, 45), frame.length);
    expect([quirksOf(text), kindsOf(text)]).toEqual([1 << 16, '0201']);
  });

  it('counts IPv6 extension headers as IP options', () => {
    expect(signatureOf(ipv6(extension(6, tcp()), { next: 60 })).slice(4, 6)).toBe('08');
  });
});

describe('initialTtl', () => {
  it.each([
    [0, 32],
    [32, 32],
    [33, 64],
    [64, 64],
    [65, 128],
    [128, 128],
    [129, 255],
    [255, 255],
  ])('takes %i as begun at %i', (ttl, initial) => {
    expect(initialTtl(ttl)).toBe(initial);
  });
});
