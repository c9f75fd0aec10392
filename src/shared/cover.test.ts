import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coverTargets, portList } from './cover.js';

const hosts = (prefix: string, first: number, last: number): string[] =>
  Array.from({ length: last - first + 1 }, (_, index) => `${prefix}${first + index}`);

describe('coverTargets', () => {
  it('names the network that was swept, though its first and last address were left out', () => {
    expect(coverTargets(hosts('198.51.100.', 1, 254))).toEqual({
      parts: ['198.51.100.0/24'],
      size: 256,
    });
  });

  it('names two networks apart', () => {
    const targets = [...hosts('198.51.100.', 0, 255), ...hosts('192.0.2.', 0, 127)];
    expect(coverTargets(targets)).toEqual({
      parts: ['192.0.2.0/25', '198.51.100.0/24'],
      size: 384,
    });
  });

  it('lists a few hosts one by one', () => {
    expect(coverTargets(['198.51.100.97', '198.51.100.96', '10.0.0.1'])).toEqual({
      parts: ['10.0.0.1', '198.51.100.96', '198.51.100.97'],
      size: 3,
    });
  });

  it('falls back to the network around scattered hosts', () => {
    const scattered = hosts('198.51.100.', 0, 63).map((_, index) => `198.51.100.${index * 4}`);
    expect(coverTargets(scattered)).toEqual({ parts: ['198.51.100.0/24'], size: 256 });
  });

  it('covers IPv6 and keeps the families apart', () => {
    expect(coverTargets([...hosts('2001:db8::', 1, 7), '198.51.100.7']).parts).toEqual([
      '198.51.100.7',
      '2001:db8::/125',
    ]);
    expect(coverTargets(['not an address'])).toEqual({ parts: [], size: 0 });
  });

  it('covers every target in at most four parts a family', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(0xffff), { minLength: 1, maxLength: 60 }), (numbers) => {
        const { parts } = coverTargets(
          numbers.map((number) => `10.0.${number >> 8}.${number & 255}`),
        );
        expect(parts.length).toBeLessThanOrEqual(4);
        const inside = (number: number): boolean =>
          parts.some((part) => {
            const [address, prefix = '32'] = part.split('/');
            const [, , high, low] = address.split('.').map(Number);
            return number >> (32 - Number(prefix)) === (high * 256 + low) >> (32 - Number(prefix));
          });
        expect(numbers.every(inside)).toBe(true);
      }),
    );
  });
});

describe('portList', () => {
  it('orders, removes repeats and joins runs of three and more', () => {
    expect(portList([443, 22, 80, 81, 22, 8000, 8001, 8002])).toEqual({
      text: '22,80,81,443,8000-8002',
      rangeCount: 5,
    });
    expect(portList([]).text).toBe('');
  });
});
