/**
 * Guarantee 5, the part without a server: a detector made from a checkpoint goes on as if it had
 * judged everything itself, and judging a batch again changes nothing.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DetectorSet } from '../src/detect/detector-set.js';
import { DEFAULT_DETECT_OPTIONS, type DetectOptions } from '../src/detect/options.js';
import { ShardDetector } from '../src/detect/shard-detector.js';
import { batchesOf, type ShardBatch } from './support/batches.js';
import { judgedCases } from './support/cases.js';
import { scratchFolder } from './support/scratch.js';

const scratch = scratchFolder();
const options: DetectOptions = { ...DEFAULT_DETECT_OPTIONS, historySourcesMax: 16 * 256 };
const detectors = new DetectorSet(options);
const open = (shard: number, snapshot: Uint8Array | null = null, chosen = options) =>
  new ShardDetector(shard, detectors, chosen, snapshot);

/** So little that windows of those cases are shrunk again and again. */
const SHORT = { ...options, windowBytesMax: 16 * 24 * 1024 };
const judged = judgedCases(scratch);
const cases = [
  ...judged.map((one) => ({ ...one, chosen: options })),
  ...judged
    .filter(({ name }) => /busy|many ports/.test(name))
    .map((one) => ({ ...one, name: `${one.name}, in little memory`, chosen: SHORT })),
];

/** What is said of the batches of one shard when the detector is replaced before each of `cuts`. */
function outcomes(
  batches: ShardBatch[],
  cuts: ReadonlySet<number>,
  chosen: DetectOptions,
): string[] {
  let detector = open(batches[0].shard, null, chosen);
  const said: string[] = [];
  for (const [index, { shard, bytes }] of batches.entries()) {
    if (cuts.has(index)) detector = open(shard, detector.snapshot(), chosen);
    said.push(JSON.stringify(detector.accept(bytes)));
  }
  if (cuts.has(batches.length)) detector = open(batches[0].shard, detector.snapshot(), chosen);
  said.push(JSON.stringify(detector.endOf('local')));
  return said;
}

let findingCount = 0;
let shrunk = 0;

describe.each(cases)('checkpoints: $name', ({ home, path, chosen }) => {
  const byShard = new Map<number, ShardBatch[]>();
  for (const batch of batchesOf(path, home)) {
    byShard.set(batch.shard, [...(byShard.get(batch.shard) ?? []), batch]);
  }
  // The shards with the most to say.
  const shards = [...byShard.values()]
    .sort((left, right) => sizeOf(right) - sizeOf(left))
    .slice(0, 2);

  it('go on identically wherever they were made', () => {
    for (const batches of shards) {
      const expected = outcomes(batches, new Set(), chosen);
      const { losses } = JSON.parse(expected.at(-1) ?? '{}');
      shrunk += losses.windows_shrunk;
      findingCount += expected.filter((line) => line.includes('"findings":[{')).length;
      const cuts = fc.uniqueArray(fc.nat(batches.length), { minLength: 1, maxLength: 6 });
      fc.assert(
        fc.property(cuts, (at) => {
          expect(outcomes(batches, new Set(at), chosen)).toEqual(expected);
        }),
        { numRuns: 4 },
      );
    }
  });

  it('know what was merged: a batch again changes nothing', () => {
    for (const batches of shards) {
      const detector = open(batches[0].shard);
      const half = batches.slice(0, Math.ceil(batches.length / 2));
      for (const { bytes } of half) detector.accept(bytes);
      const before = detector.snapshot();
      const restored = open(batches[0].shard, before);
      for (const { bytes } of half) expect(restored.accept(bytes)).toMatchObject({ findings: [] });
      expect(Buffer.compare(restored.snapshot(), before)).toBe(0);
    }
  });
});

it('has cases that say something', () => {
  expect(cases.length).toBeGreaterThan(5);
  expect(findingCount).toBeGreaterThan(20);
  expect(shrunk).toBeGreaterThan(10);
});

it('refuses a checkpoint of other windows', () => {
  const snapshot = open(0).snapshot();
  const other = { ...options, historySourcesMax: 16 * 512 };
  expect(() => new ShardDetector(0, detectors, other, snapshot)).toThrow(RangeError);
  expect(() => open(0, snapshot.subarray(1))).toThrow(RangeError);
});

function sizeOf(batches: ShardBatch[]): number {
  return batches.reduce((sum, { bytes }) => sum + bytes.length, 0);
}
