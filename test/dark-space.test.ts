/** Addresses that never speak are learned, and who probes several of them is a `honeyport`. */
import { describe, expect, it } from 'vitest';
import type { TimedFrame } from './generate/pcap-writer.js';
import { HOME_NETS, refusedSyn, spread, systemSyn, target } from './smallest/probes.js';
import { configOf, findingsOfFrames } from './support/in-process.js';

const LEARN_S = 120;
const SECOND_US = 1_000_000;
const config = configOf({ home_nets: HOME_NETS, dark_after_s: LEARN_S });

/** The hosts 0 to 2 call somebody outside, now and then. */
const life = (overS: number): TimedFrame[] =>
  spread(Math.ceil(overS / 10), overS, (index, timeUs) => [
    { timeUs, frame: systemSyn('192.0.2.1', 443, target(index % 3)) },
  ]);

/** SYNs to `count` hosts from the 100th on, ten seconds apart. */
const probes = (count: number, afterS: number): TimedFrame[] =>
  spread(count, (count - 1) * 10, (index, timeUs) => [
    { timeUs: timeUs + afterS * SECOND_US + 1, frame: systemSyn(target(100 + index), 22) },
  ]);

function honeyports(frames: TimedFrame[], settings = config) {
  const inOrder = [...frames].sort((a, b) => a.timeUs - b.timeUs);
  return findingsOfFrames(inOrder, settings).filter(({ kind }) => kind === 'honeyport');
}

describe('learned dark space', () => {
  it('is named once enough of it was probed, after the sensor has learned', () => {
    const lived = life(LEARN_S + 100);
    expect(honeyports([...lived, ...probes(4, LEARN_S)])).toEqual([]);
    expect(honeyports([...lived, ...probes(5, LEARN_S)])[0]).toMatchObject({
      count: 5,
      confidence: 0.6,
      evidence: { basis: 'learned', ports: [22], outcomes: { silent: 5 } },
    });
  });

  it('is not claimed before, nor where it is switched off', () => {
    expect(honeyports([...life(LEARN_S), ...probes(5, LEARN_S - 60)])).toEqual([]);
    const never = configOf({ home_nets: HOME_NETS, dark_after_s: 0 });
    expect(honeyports([...life(LEARN_S + 100), ...probes(5, LEARN_S)], never)).toEqual([]);
  });

  it('is not where hosts spoke, or answer', () => {
    const lived = life(LEARN_S + 100);
    const spoken = spread(5, 4, (index, timeUs) => [
      { timeUs, frame: systemSyn('192.0.2.1', 443, target(100 + index)) },
    ]);
    expect(honeyports([...lived, ...spoken, ...probes(5, LEARN_S)])).toEqual([]);
    const refused = spread(5, 40, (index, timeUs) =>
      refusedSyn(timeUs + LEARN_S * SECOND_US, target(100 + index), 22),
    );
    expect(honeyports([...lived, ...refused])).toEqual([]);
  });

  it('is not where the answers of protected hosts do not pass', () => {
    expect(honeyports(probes(5, LEARN_S))).toEqual([]);
  });

  it('is learned anew after an hour without an outbound packet', () => {
    const pause = 2 * 3600;
    const later = life(LEARN_S + 100).map(({ timeUs, frame }) => ({
      timeUs: timeUs + pause * SECOND_US,
      frame,
    }));
    expect(honeyports([...life(LEARN_S), ...later, ...probes(5, pause + 10)])).toEqual([]);
    expect(honeyports([...life(LEARN_S), ...later, ...probes(5, pause + LEARN_S)])).not.toEqual([]);
  });
});
