import { describe, expect, it } from 'vitest';
import { coverageOf, type Lapse, LAPSES_MAX, noteLapse } from './coverage.js';

const SECOND = 1_000_000;
const HORIZON = 3600 * SECOND;

/** One second in which `dropped` of a hundred packets were lost. */
const lapse = (second: number, dropped = 1): Lapse => ({
  ...{ startUs: second * SECOND, endUs: (second + 1) * SECOND, lossyUs: SECOND },
  ...{ packets: 100 - dropped, dropped, truncated: 0, sourcesRefused: 0, sketchesRefused: 0 },
  singlesFolded: 0,
});
const noted = (...all: Lapse[]): Lapse[] => {
  const lapses: Lapse[] = [];
  for (const one of all) noteLapse(lapses, one, HORIZON);
  return lapses;
};
const within = (lapses: Lapse[], since: number, until: number) =>
  coverageOf(lapses, null, since * SECOND, until * SECOND);

describe('coverage', () => {
  it('is that of the window alone', () => {
    const lapses = noted(lapse(10, 5), lapse(70, 2), lapse(71, 3));
    expect(within(lapses, 60, 72)).toEqual({
      ...{ seconds: 2, packets: 195, dropped: 5 },
      ...{ truncated: 0, sourcesRefused: 0, sketchesRefused: 0, singlesFolded: 0 },
    });
    expect(within(lapses, 60, 71)).toMatchObject({ seconds: 1, dropped: 2 });
    expect(within(lapses, 11, 70)).toBeNull();
  });

  it('adds up what several sensors lost in one second, which stays one', () => {
    const lapses = noted(lapse(10, 5), lapse(11, 1), lapse(10, 7));
    expect(lapses.map(({ startUs }) => startUs / SECOND)).toEqual([10, 11]);
    expect(within(lapses, 10, 11)).toMatchObject({ seconds: 1, packets: 188, dropped: 12 });
  });

  it('is in order of time, whoever reports late', () => {
    const lapses = noted(lapse(12), lapse(10), lapse(11));
    expect(lapses.map(({ startUs }) => startUs / SECOND)).toEqual([10, 11, 12]);
  });

  it('takes in an epoch that goes on', () => {
    expect(coverageOf([], lapse(5, 9), 0, 5.5 * SECOND)).toMatchObject({ dropped: 9 });
  });

  it('forgets what no window reaches', () => {
    expect(noted(lapse(0), lapse(3600))).toHaveLength(2);
    expect(noted(lapse(0), lapse(3601))).toHaveLength(1);
  });

  it('is bounded, exact lately, and loses no count while a loss goes on', () => {
    const lapses = noted(...Array.from({ length: 3600 }, (_, second) => lapse(second)));
    expect(lapses).toHaveLength(LAPSES_MAX);
    expect(within(lapses, 3590, 3600)).toMatchObject({ seconds: 10, dropped: 10 });
    expect(within(lapses, 0, 3600)).toMatchObject({ seconds: 3600, dropped: 3600 });
    // What is coarse says rather too much: at most the lapse that the window begins in.
    for (const windowS of [60, 600, 1800]) {
      const told = within(lapses, 3600 - windowS, 3600)?.seconds ?? 0;
      expect(told).toBeGreaterThanOrEqual(windowS);
      expect(told).toBeLessThan(windowS * 1.1);
    }
  });
});
