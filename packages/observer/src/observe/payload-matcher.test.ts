import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PAYLOAD_SIGNATURES } from '../../../plugin-api/src/payload-signatures.js';
import type { PayloadPattern } from '../options.js';
import { NO_PAYLOAD, PayloadMatcher } from './payload-matcher.js';

const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));
const hexOf = (text: string) => Buffer.from(text, 'latin1').toString('hex');

function pattern(id: number, text: string, over: Partial<PayloadPattern> = {}): PayloadPattern {
  return { id, transport: 'tcp', at: 'start', hex: hexOf(text), ...over };
}

/** What the patterns find: the opening one and the one inside. */
function found(patterns: PayloadPattern[], text: string, isUdp = false): [number, number] {
  const matcher = new PayloadMatcher(patterns);
  const bytes = bytesOf(text);
  matcher.match(bytes, 0, bytes.length, bytes.length, isUdp);
  return [matcher.opening, matcher.inside];
}

describe('PayloadMatcher', () => {
  it('finds a prefix, and not when a byte differs or is missing', () => {
    const patterns = [pattern(7, 'HELP\r\n')];
    expect(found(patterns, 'HELP\r\nme')).toEqual([7, NO_PAYLOAD]);
    expect(found(patterns, 'HELP\r\r')).toEqual([NO_PAYLOAD, NO_PAYLOAD]);
    expect(found(patterns, 'HELP\r')).toEqual([NO_PAYLOAD, NO_PAYLOAD]);
    expect(found(patterns, ' HELP\r\n')).toEqual([NO_PAYLOAD, NO_PAYLOAD]);
    expect(found(patterns, '')).toEqual([NO_PAYLOAD, NO_PAYLOAD]);
  });

  it('takes any byte for ..', () => {
    const patterns = [pattern(7, '', { hex: '41....42' })];
    expect(found(patterns, 'A\x00\xffB')).toEqual([7, NO_PAYLOAD]);
    expect(found(patterns, 'A\x00\xffC')).toEqual([NO_PAYLOAD, NO_PAYLOAD]);
  });

  it('prefers the longest prefix, whatever the order', () => {
    const patterns = [pattern(1, 'GET /'), pattern(2, 'GET /sdk'), pattern(3, 'GET /s')];
    expect(found(patterns, 'GET /sdk HTTP')[0]).toBe(2);
    expect(found([...patterns].reverse(), 'GET /sdk HTTP')[0]).toBe(2);
    expect(found(patterns, 'GET /index')[0]).toBe(1);
  });

  it('wants nothing around a payload that must be whole, by its size on the wire', () => {
    const patterns = [pattern(1, 'stats', { at: 'whole' })];
    expect(found(patterns, 'stats')[0]).toBe(1);
    expect(found(patterns, 'stats!')[0]).toBe(NO_PAYLOAD);
    const matcher = new PayloadMatcher(patterns);
    expect(matcher.match(bytesOf('stats'), 0, 5, 900, false)).toBe(false);
  });

  it('finds a text inside the first 512 bytes and not beyond', () => {
    const patterns = [pattern(9, 'Nmap', { at: 'anywhere' })];
    expect(found(patterns, `${'-'.repeat(508)}Nmap`)[1]).toBe(9);
    expect(found(patterns, `${'-'.repeat(509)}Nmap`)[1]).toBe(NO_PAYLOAD);
    expect(found(patterns, 'NmNmapap')[1]).toBe(9);
  });

  it('finds a prefix and a text at once', () => {
    const patterns = [pattern(1, 'GET '), pattern(2, 'Nmap', { at: 'anywhere' })];
    expect(found(patterns, 'GET / Nmap')).toEqual([1, 2]);
  });

  it('does not look inside TLS records', () => {
    const patterns = [pattern(1, '\x16\x03'), pattern(2, 'Nmap', { at: 'anywhere' })];
    expect(found(patterns, '\x16\x03\x01Nmap')).toEqual([1, NO_PAYLOAD]);
    expect(found(patterns, '\x16\x04\x01Nmap')).toEqual([NO_PAYLOAD, 2]);
  });

  it('keeps the transports apart', () => {
    const patterns = [pattern(1, 'x'), pattern(2, 'x', { transport: 'udp' })];
    expect(found(patterns, 'x')[0]).toBe(1);
    expect(found(patterns, 'x', true)[0]).toBe(2);
  });

  it('looks at nothing outside the payload', () => {
    const matcher = new PayloadMatcher([pattern(1, 'AB'), pattern(2, 'BC', { at: 'anywhere' })]);
    const bytes = bytesOf('ABC');
    expect(matcher.match(bytes, 0, 1, 1, false)).toBe(false);
    expect(matcher.match(bytes, 1, 1, 1, false)).toBe(false);
    expect(matcher.match(bytes, 1, 2, 2, false)).toBe(true);
  });

  it('agrees with a plain search on any payload', () => {
    const alphabet = fc.constantFrom('a', 'b');
    const short = fc.array(alphabet, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''));
    const long = fc.array(alphabet, { maxLength: 40 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(
        fc.array(short, { maxLength: 6 }),
        fc.array(short, { maxLength: 6 }),
        long,
        (starts, insides, text) => {
          const patterns = [
            ...starts.map((part, id) => pattern(id, part)),
            ...insides.map((part, id) => pattern(100 + id, part, { at: 'anywhere' })),
          ];
          const longest = starts
            .map((part, id) => ({ part, id }))
            .filter(({ part }) => text.startsWith(part))
            .sort((a, b) => b.part.length - a.part.length || a.id - b.id)[0];
          const first = insides
            .map((part, id) => ({ at: text.indexOf(part), id }))
            .filter(({ at }) => at >= 0)
            .sort((a, b) => a.at - b.at || a.id - b.id)[0];
          expect(found(patterns, text)).toEqual([
            longest?.id ?? NO_PAYLOAD,
            first === undefined ? NO_PAYLOAD : 100 + first.id,
          ]);
        },
      ),
    );
  });

  it('takes every signature there is, and finds its own bytes', () => {
    const matcher = new PayloadMatcher(PAYLOAD_SIGNATURES);
    for (const { id, hex, transport } of PAYLOAD_SIGNATURES) {
      const bytes = Uint8Array.from(Buffer.from(hex.replaceAll('..', '00'), 'hex'));
      expect(matcher.match(bytes, 0, bytes.length, bytes.length, transport === 'udp'), hex).toBe(
        true,
      );
      expect([matcher.opening, matcher.inside]).toContain(id);
    }
  });

  it.each([
    ['', 'no bytes'],
    ['4', 'half a byte'],
    ['..41', 'any first byte'],
    ['4G', 'no hex'],
    ['41.4', 'half of any byte'],
    ['AB', 'upper case'],
    ['41'.repeat(129), 'too long'],
  ])('refuses the pattern %j: %s', (hex) => {
    expect(() => new PayloadMatcher([pattern(1, '', { hex })])).toThrow(RangeError);
  });

  it('refuses ids beyond 15 bits', () => {
    expect(() => new PayloadMatcher([pattern(0x8000, 'x')])).toThrow(RangeError);
    expect(() => new PayloadMatcher([pattern(-1, 'x')])).toThrow(RangeError);
  });
});
