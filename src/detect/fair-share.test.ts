import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fairShare } from './fair-share.js';

const sum = (sizes: readonly number[], limit: number): number =>
  sizes.reduce((all, size) => all + Math.min(size, limit), 0);

describe('fairShare', () => {
  it('takes from the largest alone', () => {
    expect(fairShare([100, 5, 100, 5], 110)).toBe(50);
    expect(fairShare([5, 5, 100], 30)).toBe(20);
    expect(fairShare([5, 5, 20], 30)).toBe(Number.POSITIVE_INFINITY);
    expect(fairShare([], 0)).toBe(Number.POSITIVE_INFINITY);
  });

  it('uses the whole of what there is, and no more', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1_000_000)), fc.nat(10_000_000), (sizes, total) => {
        const limit = fairShare(sizes, total);
        const needed = sum(sizes, Number.POSITIVE_INFINITY);
        if (needed <= total) expect(limit).toBe(Number.POSITIVE_INFINITY);
        else expect(sum(sizes, limit)).toBeCloseTo(total, 3);
      }),
    );
  });
});
