import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isScattered } from './scatter.js';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const ipv4 = (word: number): string =>
  String.fromCharCode(word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255);

describe('scattered sources', () => {
  it('are such as somebody made up', () => {
    const words = fc.array(fc.integer({ min: 0, max: 0xffff_ffff }), {
      minLength: 100,
      maxLength: 300,
    });
    fc.assert(fc.property(fc.noBias(words), (all) => isScattered(all.map(ipv4))));
  });

  it('are not those of one network', () => {
    expect(isScattered(upTo(256).map((n) => ipv4(0xcb007100 + n)))).toBe(false);
    const of64 = (n: number) =>
      `\x20\x01\x0d\xb8${'\0'.repeat(10)}${String.fromCharCode(n >> 8, n & 255)}`;
    expect(isScattered(upTo(256).map(of64))).toBe(false);
  });

  it('may be when nothing is known of them', () => {
    expect(isScattered([])).toBe(true);
  });
});
