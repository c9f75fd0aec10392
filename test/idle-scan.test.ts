/** Six questions to a zombie are over in a fifth of a second: an epoch must not split them away. */
import { describe, expect, it } from 'vitest';
import { zombieFrames } from './smallest/idle.js';
import { HOME_NETS } from './smallest/probes.js';
import { configOf, findingsOfFrames } from './support/in-process.js';

const config = configOf({ home_nets: HOME_NETS });
const STEP_US = 50_000;

describe('a zombie that is asked five times', () => {
  const shifts = Array.from({ length: config.epoch_ms / 50 }, (_, index) => index * STEP_US);

  it.each(shifts)('is named when the questions begin %i us later', (shiftUs) => {
    const frames = zombieFrames(5, 0.4).map(({ timeUs, frame }) => ({
      timeUs: timeUs + shiftUs,
      frame,
    }));
    expect(findingsOfFrames(frames, config).map(({ kind }) => kind)).toContain('idle_scan_zombie');
  });
});
