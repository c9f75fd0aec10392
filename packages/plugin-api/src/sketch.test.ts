import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { finish, HASH_SEED, mix } from './hash.js';
import { Sketch } from './sketch.js';

const hashOf = (element: number) => finish(mix(HASH_SEED, element));

function sketchOf(from: number, count: number): Sketch {
  const sketch = new Sketch();
  for (let element = from; element < from + count; element++) sketch.add(hashOf(element));
  return sketch;
}

describe('Sketch', () => {
  it('is empty at first', () => {
    expect(new Sketch().estimate()).toBe(0);
  });

  it.each([100, 1_000, 5_000, 20_000, 200_000, 2_000_000])(
    'estimates %i elements within four standard errors',
    (count) => {
      const error = Math.abs(sketchOf(7, count).estimate() - count) / count;
      expect(error).toBeLessThan(4 * 0.023);
    },
  );

  it('has a standard error of at most 2.5 % over many sets', () => {
    const errors = Array.from(
      { length: 60 },
      (_, set) => sketchOf(set * 1_000_003, 10_000).estimate() / 10_000 - 1,
    );
    const rms = Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / errors.length);
    expect(rms).toBeLessThan(0.025);
  });

  it('merges to the sketch of the union, in any order and any number of times', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer(), { maxLength: 200 }),
        fc.array(fc.integer(), { maxLength: 200 }),
        (a, b) => {
          const left = new Sketch();
          const right = new Sketch();
          const both = new Sketch();
          for (const element of a) {
            left.add(hashOf(element));
            both.add(hashOf(element));
          }
          for (const element of b) {
            right.add(hashOf(element));
            both.add(hashOf(element));
          }
          left.merge(right.registers);
          left.merge(right.registers);
          right.merge(left.registers);
          expect(left.registers).toEqual(both.registers);
          expect(right.registers).toEqual(both.registers);
        },
      ),
    );
  });
});
