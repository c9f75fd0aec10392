import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { finish, HASH_SEED, mix } from './hash.js';
import { HLL_REGISTERS } from './batch-layout.js';
import { estimateUnion, Sketch } from './sketch.js';

const hashOf = (element: number) => finish(mix(HASH_SEED, element));

function sketchOf(from: number, count: number): Sketch {
  const sketch = new Sketch();
  for (let element = from; element < from + count; element++) sketch.add(hashOf(element));
  return sketch;
}

const isSame = (one: Sketch, other: Sketch) => Buffer.from(one.registers).equals(other.registers);

const ranks = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 19 })), {
  minLength: HLL_REGISTERS,
  maxLength: HLL_REGISTERS,
});

describe('Sketch', () => {
  it('is empty at first', () => {
    expect(new Sketch().estimate()).toBe(0);
  });

  it.each([100, 1_000, 5_000, 20_000, 200_000, 2_000_000])(
    'estimates %i elements within four standard errors',
    (count) => {
      const error = Math.abs(sketchOf(7, count).estimate() - count) / count;
      expect(error).toBeLessThan(4 * 0.0081);
    },
  );

  it.each([1, 64, 1536])('counts %i elements exactly, and those of two such', (count) => {
    const sketch = sketchOf(7, count);
    sketch.absorb(sketchOf(7, count));
    expect(sketch.estimate()).toBe(count);
    sketch.absorb(sketchOf(100_000, 200));
    expect(Math.abs(sketch.estimate() / (count + 200) - 1)).toBeLessThan(4 * 0.0081);
    sketch.clear();
    expect(sketch.estimate()).toBe(0);
    sketch.add(1);
    expect(sketch.registers.filter((rank) => rank > 0)).toHaveLength(1);
  });

  it('has a standard error of about 0.8 % over many sets', () => {
    const errors = Array.from(
      { length: 60 },
      (_, set) => sketchOf(set * 1_000_003, 10_000).estimate() / 10_000 - 1,
    );
    const rms = Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / errors.length);
    expect(rms).toBeLessThan(0.0105);
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
          expect(isSame(left, both)).toBe(true);
          expect(isSame(right, both)).toBe(true);
        },
      ),
    );
  });

  it('takes the greater of each register, wherever the registers lie', () => {
    fc.assert(
      fc.property(ranks, ranks, fc.nat(7), (ours, theirs, offset) => {
        const sketch = new Sketch();
        sketch.registers.set(ours);
        const bytes = new Uint8Array(offset + HLL_REGISTERS);
        bytes.set(theirs, offset);
        sketch.merge(bytes.subarray(offset));
        expect([...sketch.registers]).toEqual(ours.map((rank, at) => Math.max(rank, theirs[at])));
      }),
      { numRuns: 30 },
    );
  });

  it.each([0, 10, HLL_REGISTERS + 3])('survives %i registers', (count) => {
    const sketch = new Sketch();
    sketch.merge(new Uint8Array(count).fill(2));
    expect([...sketch.registers].filter((rank) => rank === 2)).toHaveLength(
      Math.min(count, HLL_REGISTERS),
    );
  });

  it('estimates a union without changing its members', () => {
    const parts = [sketchOf(0, 3_000), sketchOf(2_000, 3_000), sketchOf(90_000, 10)];
    const before = parts.map(({ registers }) => registers.slice());
    const more = Array.from({ length: 500 }, (_, at) => hashOf(200_000 + at));
    const merged = new Sketch();
    for (const { registers } of parts) merged.merge(registers);
    for (const hash of more) merged.add(hash);
    expect(estimateUnion(parts, more)).toBe(merged.estimate());
    expect(parts.map(({ registers }) => registers)).toEqual(before);
    expect(estimateUnion([], [])).toBe(0);
  });
});
