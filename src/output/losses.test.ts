import { describe, expect, it } from 'vitest';
import { lossesOf, lossText } from './losses.js';

describe('losses', () => {
  it('are none when every loss counter is zero', () => {
    expect(
      lossesOf({ capture: { frames: 9, dropped: 0, duplicates: 4 }, detect: { evicted: 0 } }),
    ).toEqual([]);
  });

  it('adds up rejections of every reason', () => {
    const losses = lossesOf({
      transport: { batches_judged: 7, 'rejected.batch-invalid': 2, 'rejected.worker-died': 3 },
      detect: { window_sources_evicted: 3, findings_suppressed: 9 },
    });
    expect(losses.map(lossText)).toEqual([
      '5 batches could not be judged',
      '3 sources were forgotten early: slow scans may be missed',
    ]);
  });
});
