/**
 * What was not looked at, and when: a finding made from a window with known losses says so. Losses
 * are the sensor's, whoever sent what was lost, so every shard hears of the same.
 */
import { type Batch, type Coverage, CoverageField } from '../../packages/plugin-api/src/index.js';

/** Losses between two packet times, microseconds; epochs without any are not remembered. */
export interface Lapse extends Omit<Coverage, 'seconds'> {
  startUs: number;
  endUs: number;
  /** Of it was epochs with losses. */
  lossyUs: number;
}

/** Remembered at once; what is older is remembered more coarsely. */
export const LAPSES_MAX = 128;

/** The losses of a batch's epoch, or so far; null when there were none. */
export function lapseOf({ coverage, epochStartUs, epochUs }: Batch): Lapse | null {
  const lapse = {
    startUs: epochStartUs,
    endUs: epochStartUs + epochUs,
    lossyUs: epochUs,
    packets: coverage[CoverageField.packets],
    dropped: coverage[CoverageField.dropped],
    truncated: coverage[CoverageField.truncated],
    sourcesRefused: coverage[CoverageField.sourcesRefused],
    sketchesRefused: coverage[CoverageField.sketchesRefused],
    singlesFolded: coverage[CoverageField.singlesFolded],
  };
  return isLossy(lapse) || lapse.singlesFolded > 0 ? lapse : null;
}

/** Whether anything was lost to all alike. What a flood's target stands for is lost to sources. */
export function isLossy(lost: Omit<Coverage, 'seconds'>): boolean {
  return lost.dropped + lost.truncated + lost.sourcesRefused + lost.sketchesRefused > 0;
}

/** Remembers a lapse, in order of time; forgets what is older than `horizonUs` by then. */
export function noteLapse(lapses: Lapse[], lapse: Lapse, horizonUs: number): void {
  while (lapses.length > 0 && lapses[0].endUs <= lapse.startUs - horizonUs) lapses.shift();
  const at = lapses.findLastIndex(({ startUs }) => startUs <= lapse.startUs);
  const before = lapses[at];
  if (before !== undefined && before.endUs > lapse.startUs) {
    // The same epoch as another sensor saw it, or one within a longer lapse: time adds up to none.
    const lossyUs = Math.max(before.lossyUs, lapse.lossyUs);
    lapses[at] = { ...joined(before, lapse), lossyUs };
    return;
  }
  lapses.splice(at + 1, 0, lapse);
  if (lapses.length > LAPSES_MAX) coarsen(lapses);
}

/** What was not looked at from `sinceUs` to `untilUs`, with `current` on top; null for nothing. */
export function coverageOf(
  lapses: readonly Lapse[],
  current: Lapse | null,
  sinceUs: number,
  untilUs: number,
): Coverage | null {
  const within = lapses.filter(({ startUs, endUs }) => endUs > sinceUs && startUs < untilUs);
  // An epoch that is still going on is remembered only when it ends.
  if (current !== null) within.push(current);
  if (within.length === 0) return null;
  const { lossyUs, startUs: _start, endUs: _end, ...counts } = within.reduce(joined);
  return { seconds: lossyUs / 1e6, ...counts };
}

/** Joins the two neighbours that are shortest for their age: lately stays exact the longest. */
function coarsen(lapses: Lapse[]): void {
  const nowUs = lapses[lapses.length - 1].endUs;
  let best = 0;
  let leastShare = Number.POSITIVE_INFINITY;
  for (let at = 0; at + 1 < lapses.length; at++) {
    const { startUs } = lapses[at];
    const { endUs } = lapses[at + 1];
    const share = (endUs - startUs) / (nowUs - endUs + 1);
    if (share < leastShare) {
      leastShare = share;
      best = at;
    }
  }
  lapses.splice(best, 2, joined(lapses[best], lapses[best + 1]));
}

function joined(one: Lapse, other: Lapse): Lapse {
  return {
    startUs: Math.min(one.startUs, other.startUs),
    endUs: Math.max(one.endUs, other.endUs),
    lossyUs: one.lossyUs + other.lossyUs,
    packets: one.packets + other.packets,
    dropped: one.dropped + other.dropped,
    truncated: one.truncated + other.truncated,
    sourcesRefused: one.sourcesRefused + other.sourcesRefused,
    sketchesRefused: one.sketchesRefused + other.sketchesRefused,
    singlesFolded: one.singlesFolded + other.singlesFolded,
  };
}
