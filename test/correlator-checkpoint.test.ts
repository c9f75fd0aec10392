/** A correlator made from a checkpoint goes on as if it had heard everything itself. */
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Correlator, type Judged, type OutputEvent } from '../src/correlate/correlator.js';
import { DetectorSet } from '../src/detect/detector-set.js';
import { DEFAULT_DETECT_OPTIONS } from '../src/detect/options.js';
import { ShardDetector } from '../src/detect/shard-detector.js';
import { unpackOutcome, packOutcome } from '../src/transport/bullmq/outcome-message.js';
import { FLOOD_DEFAULTS, writeFlood } from './generate/flood.js';
import { PcapWriter } from './generate/pcap-writer.js';
import { batchesOf } from './support/batches.js';
import { scratchFolder } from './support/scratch.js';

const HOME = ['198.51.100.0/24', '198.18.4.0/22', '2001:db8:100::/64', 'fd01::/64'];
const SHARDS = 16;
const options = { ...DEFAULT_DETECT_OPTIONS, historySourcesMax: SHARDS * 256 };

function judgedOf(path: string): Judged[] {
  const set = new DetectorSet(options);
  const detectors = Array.from({ length: SHARDS }, (_, n) => new ShardDetector(n, set, options));
  const judged = batchesOf(path, HOME).map(({ shard, bytes }) => detectors[shard].accept(bytes));
  return [...judged, ...detectors.map((detector) => detector.end())];
}

/** Everything said, when the correlator is replaced before each of `cuts`. */
function said(judged: Judged[], cuts: ReadonlySet<number>): string[] {
  const open = (snapshot: Uint8Array | null = null) =>
    new Correlator({ shardCount: SHARDS, order: 'canonical' }, snapshot);
  let correlator = open();
  const events: OutputEvent[] = [];
  for (const [index, outcome] of judged.entries()) {
    if (cuts.has(index)) correlator = open(correlator.snapshot());
    correlator.accept(outcome);
    events.push(...correlator.advance());
  }
  if (cuts.has(judged.length)) correlator = open(correlator.snapshot());
  expect(correlator.hasEnded).toBe(true);
  events.push(...correlator.end());
  return events.map((event) => JSON.stringify(event));
}

/** A flood over a hundred hosts. */
function flood(): string {
  const path = join(scratchFolder(), 'flood.pcap');
  const writer = new PcapWriter(path);
  writeFlood(writer, {
    ...FLOOD_DEFAULTS,
    home: '198.18.4.0/22',
    target: '198.18.4.1',
    sourceCount: 1500,
    hostCount: 100,
    ratePerSecond: 300,
    scanTargets: 0,
  });
  writer.close();
  return path;
}

describe('correlator checkpoints', () => {
  const judged = judgedOf('test/captures/pipeline.pcap.gz');

  it.each([
    ['many scans', judged, '"incident"', 4],
    ['a flood', judgedOf(flood()), '"syn_flood"', 2],
  ])('go on identically wherever they were made: %s', (_, judged, word, least) => {
    const expected = said(judged, new Set());
    expect(expected.filter((line) => line.includes(word)).length).toBeGreaterThanOrEqual(least);
    const cuts = fc.uniqueArray(fc.nat(judged.length), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(cuts, (at) => {
        expect(said(judged, new Set(at))).toEqual(expected);
      }),
      { numRuns: 10 },
    );
  });

  it('pass through the queue unchanged', () => {
    for (const outcome of judged) {
      const sent = { ...outcome, losses: {} };
      expect(unpackOutcome(packOutcome(sent))).toEqual(sent);
    }
  });

  it('are refused when they are of something else', () => {
    const snapshot = new Correlator({ shardCount: 2 }).snapshot();
    expect(() => new Correlator({ shardCount: 3 }, snapshot)).toThrow(RangeError);
    expect(() => new Correlator({ shardCount: 2 }, snapshot.subarray(2))).toThrow(RangeError);
    expect(() => new Correlator({ shardCount: 2 }, snapshot)).not.toThrow();
  });
});
