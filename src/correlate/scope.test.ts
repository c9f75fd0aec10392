import { describe, expect, it } from 'vitest';
import type { Activity } from '../../packages/plugin-api/src/finding.js';
import { makeActivity } from '../../packages/plugin-api/src/testkit/findings.js';
import { limits } from './limits.js';
import { Scope } from './scope.js';

const ONE = { ip: '203.0.113.7', tunnel: 0 };
const OTHER = { ip: '203.0.113.8', tunnel: 0 };

/** More than any list holds. */
const swept = (source: Activity['source'], targetCount: number, exact = false): Activity =>
  makeActivity({ source, targetCount, portCount: 2, pairCount: 2 * targetCount, exact });

function scopeOf(...activities: Activity[]): Scope {
  const scope = new Scope({ left: 100_000, refused: 0 });
  for (const activity of activities) scope.absorb(activity);
  return scope;
}

describe('Scope', () => {
  it('adds up what sources reached that divide a scan, else tells what one of them did', () => {
    const scope = scopeOf(swept(ONE, 40_000), swept(OTHER, 20_000), swept(OTHER, 25_000));
    expect(scope.counts(true)).toEqual({
      hosts: 65_000,
      ports: 2,
      pairs: 130_000,
      exact: false,
    });
    expect(scope.counts()).toEqual({ hosts: 40_000, ports: 2, pairs: 80_000, exact: false });
  });

  it('is exact beyond its lists when one source did it all in one go', () => {
    expect(scopeOf(swept(ONE, 30_000, true), swept(ONE, 40_000, true)).counts()).toEqual({
      hosts: 40_000,
      ports: 2,
      pairs: 80_000,
      exact: true,
    });
    const began = [swept(ONE, 40_000, true), swept(ONE, 10, true), swept(ONE, 50_000, true)];
    expect(scopeOf(...began).counts().exact).toBe(false);
    expect(scopeOf(swept(ONE, 40_000, true), swept(OTHER, 5, true)).counts().exact).toBe(false);
  });

  it('says the same of sources whichever incident they came by', () => {
    const parts = [swept(ONE, 40_000), swept(OTHER, 25_000), swept(ONE, 41_000)];
    const together = scopeOf(...parts);
    const merged = scopeOf(parts[0]);
    merged.merge(scopeOf(parts[1], parts[2]));
    for (const isDivided of [false, true])
      expect(merged.counts(isDivided)).toEqual(together.counts(isDivided));
    expect(Scope.unpack(merged.pack()).counts(true)).toEqual(merged.counts(true));
  });

  it('knows the most that a source reached for which it has no room', () => {
    const many = Array.from({ length: limits.actorsMax }, (_, at) =>
      swept({ ip: `10.0.${at >> 8}.${at & 255}`, tunnel: 0 }, 2_000),
    );
    const scope = scopeOf(...many, swept(ONE, 30_000), swept(OTHER, 40_000), swept(ONE, 30_500));
    expect(scope.counts().hosts).toBe(40_000);
    expect(scope.counts(true).hosts).toBe(2_000 * limits.actorsMax + 40_000);
  });

  it('counts what its lists hold, not what was estimated of it', () => {
    const exact = makeActivity({ source: ONE });
    const estimated = { targets: 103, ports: 1, pairs: 101, exact: false };
    expect(scopeOf(exact, { ...exact, reach: estimated }).counts()).toEqual({
      hosts: 100,
      ports: 1,
      pairs: 100,
      exact: false,
    });
  });
});
