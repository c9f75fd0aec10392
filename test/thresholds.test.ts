/** 99 is silence and 100 is a finding, in both observers and in any window of 60 seconds. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BURST_HOME, BURST_SOURCE, type Burst, burstFrames } from './generate/bursts.js';
import { writePcap } from './generate/pcap-writer.js';
import { builtObservers, type Event, findingsOf, runPicket } from './support/picket.js';
import { scratchFolder } from './support/scratch.js';
import { timeUsOf } from './support/time.js';

const scratch = scratchFolder();
const EPOCH_US = 1_000_000;
const SCANS = [
  { across: 'targets', kind: 'address_scan', threshold: 100 },
  { across: 'ports', kind: 'port_scan', threshold: 100 },
  { across: 'pairs', kind: 'random_scan', threshold: 250 },
] as const;

function eventsAbout(observer: string, bursts: Burst[]): Event[] {
  const path = join(scratch, 'bursts.pcap');
  writePcap(path, burstFrames(bursts));
  const words = ['read', path, '--home', BURST_HOME, '--json', '--observer', observer];
  const { status, stderr, events } = runPicket(words);
  expect(status, stderr).toBe(0);
  return events;
}

const findingsAbout = (observer: string, bursts: Burst[]): Event[] =>
  findingsOf(eventsAbout(observer, bursts));

describe.each(builtObservers)('%s observer', (observer) => {
  describe.each(SCANS)('probes across $across', ({ across, kind, threshold }) => {
    it(`${threshold - 1} in 60 seconds raise nothing`, () => {
      const burst = { across, count: threshold - 1, fromS: 0, toS: 50 };
      expect(findingsAbout(observer, [burst])).toEqual([]);
    });

    it(`${threshold} in 60 seconds raise ${kind}, counted exactly`, () => {
      const findings = findingsAbout(observer, [{ across, count: threshold, fromS: 0, toS: 50 }]);
      expect(findings.map((event) => event.finding.kind)).toContain(kind);
      expect(findings.every((event) => event.finding.kind === kind)).toBe(true);
      const [first] = findings;
      expect(first.src_ip).toBe(BURST_SOURCE);
      expect(first.finding).toMatchObject({ count: threshold, threshold, exact: true });
    });

    it('the finding comes in the epoch of the probe that reached the threshold', () => {
      const burst = { across, count: threshold + 60, fromS: 0, toS: 50 };
      const reachedUs = burstFrames([burst])[threshold - 1].timeUs;
      const [first] = findingsAbout(observer, [burst]);
      expect(Math.abs(timeUsOf(first.finding.last_seen) - reachedUs)).toBeLessThanOrEqual(EPOCH_US);
      expect(first.finding.count).toBeGreaterThanOrEqual(threshold);
    });

    it('all in the same epoch raise one finding that starts', () => {
      const burst = { across, count: threshold, fromS: 0, toS: 0.5 };
      const started = findingsAbout(observer, [burst]).filter(
        (event) => event.finding.state === 'started',
      );
      expect(started.length).toBe(1);
    });
  });

  it.each(['targets', 'ports'] as const)(
    '60 %s in seconds 0-10 and 60 others in 65-75 never share a window',
    (across) => {
      const early: Burst = { across, count: 60, fromS: 0, toS: 10 };
      const late: Burst = { across, count: 60, fromS: 65, toS: 75, firstIndex: 60 };
      expect(findingsAbout(observer, [early, late])).toEqual([]);
    },
  );

  it.each(['targets', 'ports'] as const)(
    '60 %s in seconds 0-10 and 60 others in 45-55 share one',
    (across) => {
      const early: Burst = { across, count: 60, fromS: 0, toS: 10 };
      const late: Burst = { across, count: 60, fromS: 45, toS: 55, firstIndex: 60 };
      expect(findingsAbout(observer, [early, late]).length).toBeGreaterThan(0);
    },
  );

  it('the same 60 targets again are not other targets', () => {
    const early: Burst = { across: 'targets', count: 60, fromS: 0, toS: 10 };
    const late: Burst = { across: 'targets', count: 60, fromS: 20, toS: 30 };
    expect(findingsAbout(observer, [early, late])).toEqual([]);
  });

  it('a count that is reached every second is judged early once, and again after a pause', () => {
    const scan: Burst = { across: 'ports', count: 1000, fromS: 0, toS: 5 };
    const again: Burst = { across: 'ports', count: 200, fromS: 70, toS: 71 };
    const earlyOf = (bursts: Burst[]): unknown =>
      eventsAbout(observer, bursts).find((event) => event.event_type === 'stats')?.stats?.capture;
    expect(earlyOf([scan])).toMatchObject({ frames: 1000, partial_batches: 1 });
    expect(earlyOf([scan, again])).toMatchObject({ frames: 1200, partial_batches: 2 });
  });
});
