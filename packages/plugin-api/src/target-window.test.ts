import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TargetObservation } from './batch.js';
import { CoverageField, TargetCounter } from './batch-layout.js';
import { latin1 } from './contact.js';
import { TargetWindow } from './target-window.js';

const TARGET = Uint8Array.from([198, 51, 100, 7]);
const SECOND = 1_000_000;

interface Report {
  sensor: string;
  epoch: number;
  syns: number;
  port: number;
}

const report: fc.Arbitrary<Report> = fc.record({
  sensor: fc.constantFrom('a', 'b', 'c'),
  epoch: fc.nat(5),
  syns: fc.nat(500),
  port: fc.constantFrom(22, 80, 443),
});

function observation({ syns, port }: Report): TargetObservation {
  const counters = new Array<number>(Object.keys(TargetCounter).length).fill(0);
  counters[TargetCounter.syns] = syns;
  return {
    tunnelKey: 0,
    address: TARGET,
    counters,
    topPort: port,
    topPortSyns: Math.floor(syns / 2),
    sources: new Uint8Array(0),
    sourceSketch: null,
  };
}

/** The last report of each sensor and epoch is what counts. */
function lastOf(reports: Report[]): Report[] {
  return [...new Map(reports.map((one) => [`${one.sensor} ${one.epoch}`, one])).values()];
}

function sumBy(reports: Report[], key: (one: Report) => number, value: (one: Report) => number) {
  const sums = new Map<number, number>();
  for (const one of reports) sums.set(key(one), (sums.get(key(one)) ?? 0) + value(one));
  return sums;
}

/** What came in beside: a thousand packets an epoch. */
const coverage = Object.values(CoverageField).map((field) =>
  field === CoverageField.inbound ? 1000 : 0,
);

describe('TargetWindow', () => {
  it('adds up what several sensors saw, in whatever order they report', () => {
    fc.assert(
      fc.property(fc.array(report, { maxLength: 25 }), (reports) => {
        const window = new TargetWindow(0, latin1(TARGET, 0, 4), 60 * SECOND);
        for (const one of reports) {
          const origin = {
            sensor: one.sensor,
            epochStartUs: one.epoch * SECOND,
            epochUs: SECOND,
            coverage,
          };
          window.merge(observation(one), origin);
        }
        const counted = lastOf(reports);
        const inEpoch = sumBy(
          counted,
          ({ epoch }) => epoch,
          ({ syns }) => syns,
        );
        const sum = [...inEpoch.values()].reduce((total, syns) => total + syns, 0);
        const max = Math.max(0, ...inEpoch.values());
        expect(window.counter(TargetCounter.syns)).toEqual({ sum, max });
        const toPort = sumBy(
          counted,
          ({ port }) => port,
          ({ syns }) => Math.floor(syns / 2),
        );
        const most = Math.max(0, ...toPort.values());
        const { port, share } = window.topPort();
        expect(share).toBeCloseTo(sum === 0 ? 0 : most / sum);
        expect(most === 0 ? 0 : toPort.get(port)).toBe(most);
      }),
    );
  });

  it('forgets the epochs before its horizon', () => {
    const window = new TargetWindow(0, latin1(TARGET, 0, 4), 60 * SECOND);
    const one = { sensor: 'a', epoch: 0, syns: 9, port: 80 };
    window.merge(observation(one), {
      sensor: 'b',
      epochStartUs: 90 * SECOND,
      epochUs: SECOND,
      coverage,
    });
    window.merge(observation(one), {
      sensor: 'a',
      epochStartUs: 20 * SECOND,
      epochUs: SECOND,
      coverage,
    });
    expect(window.firstSeenUs).toBe(20 * SECOND);
    expect(window.expire(100 * SECOND)).toBe(false);
    expect(window.counter(TargetCounter.syns)).toEqual({ sum: 9, max: 9 });
    expect(window.synShare()).toBe(0.009);
    expect(window.expire(200 * SECOND)).toBe(true);
  });

  it('keeps how many sources there were when it may not keep who', () => {
    const window = new TargetWindow(0, latin1(TARGET, 0, 4), 60 * SECOND);
    const told = { sensor: 'a', epoch: 0, syns: 300, port: 80 };
    const sources = Uint8Array.from({ length: 300 * 4 }, (_, at) => (at % 4 < 2 ? at >> 4 : at));
    const origin = { sensor: 'a', epochStartUs: 0, epochUs: SECOND, coverage };
    window.merge({ ...observation(told), sources }, origin);
    const { count } = window.sourceCount();
    window.shrink(0);
    expect(window.sourceCount()).toEqual({ count, exact: false });
    expect(window.bytes).toBeLessThan(2048);
    window.merge(observation({ ...told, epoch: 90 }), { ...origin, epochStartUs: 90 * SECOND });
    window.expire(91 * SECOND);
    expect(window.sourceCount()).toEqual({ count: 0, exact: true });
  });
});
