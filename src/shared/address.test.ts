import { describe, expect, it } from 'vitest';
import { sortByAddress, formatAddress, parseAddress } from './address.js';

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

  it.each(['0.0.0.0', '198.51.100.7', '255.255.255.255', '::', '2001:db8::ff', 'ffff::1'])(
    'reads and prints %s',
    (text) => {
      const address = parseAddress(text);
      expect(address && formatAddress(address)).toBe(text);
    },
  );
});
