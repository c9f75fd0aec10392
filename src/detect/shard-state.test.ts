import { describe, expect, it } from 'vitest';
import type { Batch } from '../../packages/plugin-api/src/index.js';
import { type ShardLimits, ShardState } from './shard-state.js';

const SECOND = 1_000_000;
const limits: ShardLimits = {
  sourcesMax: 16,
  targetsMax: 16,
  historySourcesMax: 16,
  windowBytesMax: 2 ** 20,
  horizonUs: 60 * SECOND,
  pauseUs: 600 * SECOND,
  sensorSilentUs: 30 * SECOND,
};
const closing = (sensor: string, second: number) =>
  ({ sensor, epochStartUs: second * SECOND, epochUs: SECOND, coverage: [0, 0, 0, 0] }) as Batch;
const watermarkAfter = (...epochs: [sensor: string, second: number][]): number => {
  const state = new ShardState(16);
  for (const [sensor, second] of epochs) state.advance(closing(sensor, second), limits);
  return state.watermarkUs / SECOND;
};

describe('watermark of several sensors', () => {
  it('is the slowest sensor’s, whose clock may be behind', () => {
    expect(watermarkAfter(['a', 100])).toBe(101);
    expect(watermarkAfter(['a', 100], ['b', 97], ['a', 110])).toBe(101);
    expect(watermarkAfter(['b', 97], ['a', 100], ['a', 110], ['b', 105])).toBe(106);
  });

  it('does not wait for a sensor that is far behind the others', () => {
    expect(watermarkAfter(['a', 100], ['b', 100], ['b', 129])).toBe(101);
    expect(watermarkAfter(['a', 100], ['b', 100], ['b', 131])).toBe(132);
  });

  it('goes on with a sensor that was started again under its name', () => {
    expect(watermarkAfter(['a#1', 100], ['b', 100], ['a#2', 120], ['b', 121])).toBe(121);
  });

  it('never goes back, and forgets who has left', () => {
    const state = new ShardState(16);
    state.advance(closing('a', 100), limits);
    state.advance(closing('b', 90), limits);
    expect(state.watermarkUs).toBe(101 * SECOND);
    expect(state.leave('b')).toBe(false);
    state.advance(closing('a', 101), limits);
    expect(state.watermarkUs).toBe(102 * SECOND);
    expect(state.leave('a#7')).toBe(true);
  });
});
