import { describe, expect, it } from 'vitest';
import { type LossInterval, LossWatch, lostPercentOf } from './loss-watch.js';

const interval = (seen: number, kernelDropped: number): LossInterval => ({
  ...{ durationMs: 10_000, seen, kernelDropped, interfaceDropped: 0 },
});
const calm = interval(1000, 0);
const lossy = interval(990, 10);

/** What a watch of 0.5 % and three intervals says to each. */
function said(...intervals: LossInterval[]): (string | undefined)[] {
  const watch = new LossWatch(0.5, 3);
  return intervals.map((one) => watch.take(one)?.state);
}

describe('LossWatch', () => {
  it('speaks at the third interval in a row, once', () => {
    expect(said(lossy, lossy, lossy, lossy, lossy)).toEqual([
      ...[undefined, undefined, 'started', undefined, undefined],
    ]);
  });

  it('does not speak of the threshold itself, nor of two bursts with calm between', () => {
    const onIt = interval(995, 5);
    expect(said(onIt, onIt, onIt, onIt)).toEqual(new Array(4).fill(undefined));
    expect(said(lossy, lossy, calm, lossy, lossy)).toEqual(new Array(5).fill(undefined));
  });

  it('ends after three calm intervals in a row, and may begin again', () => {
    const rest = [lossy, lossy, lossy, calm, calm, lossy, calm, calm, calm, lossy, lossy, lossy];
    expect(
      said(...rest)
        .map((state, at) => state && `${at} ${state}`)
        .filter(Boolean),
    ).toEqual([...['2 started', '8 ended', '11 started']]);
  });

  it('tells of all that was lost, without the calm before and after', () => {
    const watch = new LossWatch(0.5, 2);
    const changes = [calm, lossy, lossy, calm, lossy, calm, calm].map((one) => watch.take(one));
    expect(changes.filter((change) => change !== null)).toEqual([
      {
        ...{ state: 'started', durationMs: 20_000, seen: 1980, kernelDropped: 20 },
        ...{ interfaceDropped: 0, lostPercent: 1, thresholdPercent: 0.5 },
      },
      {
        ...{ state: 'ended', durationMs: 40_000, seen: 3970, kernelDropped: 30 },
        ...{ interfaceDropped: 0, lostPercent: 0.75, thresholdPercent: 0.5 },
      },
    ]);
  });

  it('takes an interval in which everything was lost for a loss, and an empty one for none', () => {
    expect(lostPercentOf(interval(0, 7))).toBe(100);
    expect(lostPercentOf(interval(0, 0))).toBe(0);
  });
});
