/** What a row of the table is, and the time its probes may take. */
import type { Kind } from '../../packages/plugin-api/src/index.js';
import type { TimedFrame } from '../generate/pcap-writer.js';

export interface SmallestScan {
  technique: string;
  /** What is counted, in the plural. */
  unit: string;
  /** The fewest that are reported; of one fewer nothing is said at all. */
  atLeast: number;
  /** Seconds they may take together. */
  overS: number;
  /** The same number over this many seconds is not reported as `kind`. */
  tooSlowS?: number;
  kind: Kind;
  /** Settings that are not the defaults. */
  settings?: object;
  frames(count: number, overS: number): TimedFrame[];
}

// Somewhat less than what the table says: windows end with whole epochs.
export const MINUTE = 58;
export const MINUTE_MISSED = 62;
export const FIVE_MINUTES = 290;
export const TEN_MINUTES = 590;
export const HOUR = 3500;
export const DAY = 85_500;

/** How long the probes may take, as the table says it. */
export function withinText(overS: number): string {
  const spans: [overS: number, text: string][] = [
    [1, '1 s'],
    [MINUTE, '1 min'],
    [FIVE_MINUTES, '5 min'],
    [TEN_MINUTES, '10 min'],
    [HOUR, '1 h'],
    [DAY, '24 h'],
  ];
  const span = spans.find(([longest]) => overS <= longest);
  if (span === undefined) throw new RangeError(`no row may take ${overS} s`);
  return span[1];
}
