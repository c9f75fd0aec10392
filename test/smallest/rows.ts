/**
 * The smallest scans that are caught, and what is out of reach: the rows of the table in
 * docs/detectors.md, each with the traffic that proves it (smallest.test.ts).
 */
import { BREADTH, DEPTH } from './breadth-and-depth.js';
import { EVASION, SIDE_CHANNELS } from './evasion.js';
import type { SmallestScan } from './scan.js';

export { OUT_OF_REACH } from './out-of-reach.js';
export { withinText } from './scan.js';

export const SMALLEST_SCANS: readonly SmallestScan[] = [
  ...BREADTH,
  ...DEPTH,
  ...EVASION,
  ...SIDE_CHANNELS,
];
