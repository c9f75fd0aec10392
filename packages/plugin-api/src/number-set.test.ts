import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NumberSet } from './number-set.js';

const numbers = fc.array(fc.oneof(fc.nat(40), fc.integer(), fc.nat(2 ** 32 - 1)), {
  maxLength: 300,
});
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
        expect(set.values()).toEqual(signed(all));
        set.clear();
        expect([set.size, set.values()]).toEqual([0, []]);
      }),
    );
  });

  it('is the same from a checkpoint, to the byte that it takes', () => {
    fc.assert(
      fc.property(numbers, (all) => {
        const set = new NumberSet();
        for (const one of [...all, ...all]) set.add(one);
        const again = NumberSet.of(set.values());
        expect(again.values()).toEqual(set.values());
        expect([again.size, again.bytes]).toEqual([set.size, set.bytes]);
      }),
    );
    for (const other of [null, {}, ['1'], [1.5], [Number.NaN]])
      expect(() => NumberSet.of(other)).toThrow(RangeError);
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
