import { describe, expect, it } from 'vitest';
import { AddressIndex, keyedHash } from './address-index.js';
import {
  EARLY_AGAIN_US,
  EARLY_PAIRS,
  EARLY_PORTS,
  EARLY_SOURCES_MAX,
  EARLY_TARGETS,
  EarlyBatches,
} from './early-batches.js';

const SECOND_US = 1_000_000;

/** An index of IPv4 sources, each with its last word. */
function sourcesOf(...words: number[]): AddressIndex {
  const index = new AddressIndex(8);
  for (const word of words) index.add(keyedHash(0, 0, 0, 0xffff, word), 0, 0, 0, 0xffff, word);
  return index;
}

describe('early batches', () => {
  it('are due once while a scan goes on, and again after a pause', () => {
    const early = new EarlyBatches();
    const index = sourcesOf(1);
    const due: number[] = [];
    const pauseS = EARLY_AGAIN_US / SECOND_US;
    for (let second = 0; second < 300; second++) {
      if (second > 150 && second <= 150 + pauseS) continue;
      if (early.isDue(index, 0, EARLY_TARGETS, second * SECOND_US)) due.push(second);
    }
    expect(due).toEqual([0, 211]);
  });

  it('are due for each count by itself', () => {
    const early = new EarlyBatches();
    const index = sourcesOf(1);
    expect(early.isDue(index, 0, EARLY_TARGETS, 0)).toBe(true);
    expect(early.isDue(index, 0, EARLY_TARGETS | EARLY_PAIRS, 0)).toBe(true);
    expect(early.isDue(index, 0, EARLY_PAIRS, SECOND_US)).toBe(false);
    expect(early.isDue(index, 0, EARLY_PORTS, SECOND_US)).toBe(true);
  });

  it('are due for each source by itself, whatever its number in the epoch', () => {
    const early = new EarlyBatches();
    expect(early.isDue(sourcesOf(1, 2), 0, EARLY_TARGETS, 0)).toBe(true);
    expect(early.isDue(sourcesOf(1, 2), 1, EARLY_TARGETS, 0)).toBe(true);
    expect(early.isDue(sourcesOf(2, 1), 0, EARLY_TARGETS, SECOND_US)).toBe(false);
    expect(early.isDue(sourcesOf(2, 1), 1, EARLY_TARGETS, SECOND_US)).toBe(false);
  });

  it('are due again for a source that another one took the place of', () => {
    const early = new EarlyBatches();
    const slotOf = (word: number): number =>
      keyedHash(0, 0, 0, 0xffff, word) & (EARLY_SOURCES_MAX - 1);
    let rival = 2;
    while (slotOf(rival) !== slotOf(1)) rival++;
    const index = sourcesOf(1, rival);
    expect(early.isDue(index, 0, EARLY_TARGETS, 0)).toBe(true);
    expect(early.isDue(index, 1, EARLY_TARGETS, 0)).toBe(true);
    expect(early.isDue(index, 0, EARLY_TARGETS, SECOND_US)).toBe(true);
  });

  it('are due when captures follow each other backwards in time', () => {
    const early = new EarlyBatches();
    const index = sourcesOf(1);
    expect(early.isDue(index, 0, EARLY_PORTS, 9 * SECOND_US)).toBe(true);
    expect(early.isDue(index, 0, EARLY_PORTS, 8 * SECOND_US)).toBe(true);
  });
});
