/**
 * The table "the smallest scan that is caught" of docs/detectors.md, row by row: one probe fewer
 * says nothing, the row's number is reported as what it is.
 */
import { describe, expect, it } from 'vitest';
import type { TimedFrame } from '../generate/pcap-writer.js';
import { configOf, findingsOfFrames } from '../support/in-process.js';
import { HOME_NETS } from './probes.js';
import { OUT_OF_REACH, SMALLEST_SCANS } from './rows.js';

function kindsOf(frames: TimedFrame[], settings: object = {}): string[] {
  const config = configOf({ home_nets: HOME_NETS, ...settings });
  const inOrder = [...frames].sort((a, b) => a.timeUs - b.timeUs);
  return [...new Set(findingsOfFrames(inOrder, config).map(({ kind }) => kind))];
}

const named = SMALLEST_SCANS.map((scan) => {
  const { technique, atLeast, unit } = scan;
  return { ...scan, name: `${technique}: ${atLeast} ${unit}` };
});

describe.each(named)('$name', ({ atLeast, overS, tooSlowS, kind, settings, frames }) => {
  it('one fewer says nothing', () => {
    expect(kindsOf(frames(atLeast - 1, overS), settings)).toEqual([]);
  });

  it(`that many are a ${kind} and nothing else`, () => {
    expect(kindsOf(frames(atLeast, overS), settings)).toEqual([kind]);
  });

  if (tooSlowS !== undefined) {
    it(`in ${tooSlowS} s they are no ${kind}`, () => {
      expect(kindsOf(frames(atLeast, tooSlowS), settings)).not.toContain(kind);
    });
  }
});

describe('out of reach', () => {
  it.each(OUT_OF_REACH)('$technique', ({ frames }) => {
    expect(kindsOf(frames())).toEqual([]);
  });
});
