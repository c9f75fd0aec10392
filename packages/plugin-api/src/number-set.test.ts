import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NumberSet } from './number-set.js';

const numbers = fc.array(fc.oneof(fc.nat(40), fc.integer(), fc.nat(2 ** 32 - 1)), {
  maxLength: 300,
});
const valuesOf = (set: NumberSet): number[] => {
  const found: number[] = [];
  set.forEach((value) => {
    found.push(value);
  });
  return found.sort((a, b) => a - b);
};
const signed = (all: Iterable<number>) =>
  [...new Set([...all].map((one) => one | 0))].sort((a, b) => a - b);

describe('NumberSet', () => {
  it('holds what a Set holds', () => {
    fc.assert(
      fc.property(numbers, (all) => {
        const set = new NumberSet();
        const plain = new Set<number>();
        for (const one of all) {
          expect(set.add(one)).toBe(!plain.has(one | 0));
          plain.add(one | 0);
        }
        expect(set.size).toBe(plain.size);
        expect(valuesOf(set)).toEqual(signed(all));
        set.clear();
        expect([set.size, valuesOf(set)]).toEqual([0, []]);
      }),
    );
  });

  it('takes at most eleven bytes a number, of many', () => {
    const set = new NumberSet();
    const empty = set.bytes;
    for (let one = 1; one <= 3000; one++) {
      set.add(one * 7919);
      if (one >= 16) expect(set.bytes - empty).toBeLessThanOrEqual(11 * one);
    }
  });
});
