import { describe, expect, it } from 'vitest';
import type { ObserverStats } from './contract.js';
import { LOAD_MEANINGS, LoadMeter } from './load-meter.js';

const OPTIONS = { ringSize: 1_000_000, lossPercent: 1, lossIntervals: 1 };
const NATIVE: ObserverStats = {
  ...{ frames: 2000, bytes: 216_000, busy_us: 1000, lag_us: 7, waiting_frames: 500 },
  ...{ capture_kernel_dropped: 0, capture_interface_dropped: 0, capture_losses_unknown: 0 },
};

describe('LoadMeter', () => {
  it('has nothing to say before the first interval has ended', () => {
    expect(new LoadMeter(OPTIONS, 0).levels()).toEqual({});
  });

  it('measures the interval, not the time since the start', () => {
    const meter = new LoadMeter(OPTIONS, 5000);
    meter.sample(NATIVE, 7000);
    expect(meter.levels()).toEqual({
      packets_per_s: 1000,
      busy_ns_per_packet: 500,
      // 500 frames of 108 + 92 bytes.
      ring_used_percent: 10,
      lost_percent: 0,
      loss_alarm: 0,
    });
    meter.sample({ ...NATIVE, frames: 2100, busy_us: 1001 }, 8000);
    expect(meter.levels()).toMatchObject({ packets_per_s: 100, busy_ns_per_packet: 10 });
  });

  it('raises the alarm, and takes a ring that lost a frame for full', () => {
    const meter = new LoadMeter(OPTIONS, 0);
    const lossy = { ...NATIVE, capture_kernel_dropped: 400, capture_interface_dropped: 100 };
    expect(meter.sample(lossy, 1000)).toMatchObject({ state: 'started', lostPercent: 20 });
    expect(meter.levels()).toMatchObject({
      ...{ lost_percent: 20, loss_alarm: 1, ring_used_percent: 100 },
    });
    expect(meter.sample(lossy, 2000)?.state).toBe('ended');
  });

  it('leaves out what the observer cannot know', () => {
    const meter = new LoadMeter(OPTIONS, 0);
    const { frames, bytes } = NATIVE;
    meter.sample({ frames, bytes, capture_kernel_dropped: 0, capture_losses_unknown: 1 }, 1000);
    expect(meter.levels()).toEqual({ packets_per_s: 2000 });
  });

  it('has no time for each packet when there was none', () => {
    const meter = new LoadMeter(OPTIONS, 0);
    meter.sample({ ...NATIVE, frames: 0, bytes: 0, waiting_frames: 0 }, 1000);
    expect(meter.levels()).not.toHaveProperty('busy_ns_per_packet');
    expect(meter.levels()).toMatchObject({ packets_per_s: 0, ring_used_percent: 0 });
  });

  it('explains every level', () => {
    const meter = new LoadMeter(OPTIONS, 0);
    meter.sample(NATIVE, 1000);
    for (const name of Object.keys(meter.levels())) expect(LOAD_MEANINGS[name]).toBeDefined();
  });
});
