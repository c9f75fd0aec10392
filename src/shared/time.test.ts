import { describe, expect, it } from 'vitest';
import { formatClock, formatDateTime, formatDuration, formatEveTime } from './time.js';

const TIME_US = Date.UTC(2026, 10, 24, 3, 25, 42) * 1000 + 123_456;

describe('time', () => {
  it("prints Suricata's form with six digits and no colon in the zone", () => {
    expect(formatEveTime(TIME_US)).toBe('2026-11-24T03:25:42.123456+0000');
    expect(formatEveTime(TIME_US - 123_455)).toBe('2026-11-24T03:25:42.000001+0000');
  });

  it('prints times for people without the fraction', () => {
    expect(formatDateTime(TIME_US)).toBe('2026-11-24 03:25:42 UTC');
    expect(formatClock(TIME_US)).toBe('03:25:42');
  });

  it('stays in the calendar for times no clock can have', () => {
    expect(formatEveTime(Number.MAX_VALUE)).toBe('9999-12-31T23:59:59.000000+0000');
    expect(formatEveTime(-5)).toBe('1970-01-01T00:00:00.000000+0000');
    expect(formatEveTime(Number.NaN)).toBe('1970-01-01T00:00:00.000000+0000');
  });

  it.each([
    [0, '0 ms'],
    [350_400, '350 ms'],
    [1e6, '1 s'],
    [4.24e6, '4.2 s'],
    [9.96e6, '10 s'],
    [59e6, '59 s'],
    [60e6, '1 min'],
    [200e6, '3 min 20 s'],
    [3599e6, '1 h'],
    [7500e6, '2 h 5 min'],
    [86_399e6, '1 d'],
    [273_600e6, '3 d 4 h'],
    [-1, '0 ms'],
  ])('prints a duration of %d us as %s', (durationUs, text) => {
    expect(formatDuration(durationUs)).toBe(text);
  });
});
