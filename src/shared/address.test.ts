import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import { formatAddress, parseAddress, sortByAddress, sortByNumber } from './address.js';

describe('address', () => {
  it('orders by number, not by text, IPv4 first and what is no address last', () => {
    const unordered = ['::2', 'x', '198.51.100.20', '2001:db8::1', '198.51.100.3', '9.0.0.1'];
    expect(sortByAddress(unordered, (text) => text)).toEqual([
      '9.0.0.1',
      '198.51.100.3',
      '198.51.100.20',
      '::2',
      '2001:db8::1',
      'x',
    ]);
  });

  it('keeps the order of what has the same address, or the same number', () => {
    const numbers = Array.from({ length: 200 }, (_, at) => [(at * 7) % 5, 2 ** 32 - 1][at % 2]);
    const items = numbers.map((number, place) => ({ number, place }));
    const expected = [...items].sort((a, b) => a.number - b.number);
    expect(sortByNumber(items, ({ number }) => number)).toEqual(expected);
    expect(sortByAddress(items, ({ number }) => `10.0.0.${number % 256}`)).toEqual(expected);
  });

  it.each(['0.0.0.0', '198.51.100.7', '255.255.255.255', '::', '2001:db8::ff', 'ffff::1'])(
    'reads and prints %s',
    (text) => {
      const address = parseAddress(text);
      expect(address && formatAddress(address)).toBe(text);
    },
  );

  it('reads IPv4 as ipaddr.js does, and refuses what it refuses', () => {
    const byIpaddr = (text: string): number | null => {
      if (!ipaddr.IPv4.isValid(text)) return null;
      return ipaddr.IPv4.parse(text)
        .toByteArray()
        .reduce((value, byte) => value * 256 + byte, 0);
    };
    const part = fc.oneof(
      fc.nat(300).map(String),
      fc.constantFrom('', '0', '00', '08', '010', '0x1f', '255', '256', '65536', ' 1', '1e2', '-1'),
      fc.string({ maxLength: 3 }),
    );
    const texts = fc.oneof(
      fc.array(part, { maxLength: 6 }).map((parts) => parts.join('.')),
      fc.ipV4(),
      fc.ipV4Extended(),
      fc.nat().map(String),
    );
    const isIpv4 = (text: string): boolean => !text.includes(':');
    fc.assert(
      fc.property(texts.filter(isIpv4), (text) => {
        const value = byIpaddr(text);
        expect(parseAddress(text)).toEqual(value === null ? null : { family: 4, value });
      }),
      { numRuns: 2000 },
    );
  });
});
