import { describe, expect, it } from 'vitest';
import {
  type Batch,
  CoverageField,
  FIND_SIZE,
  FindAt,
  FINDS_PER_SOURCE_MAX,
  SourceCounter,
  type SourceObservation,
} from '../../packages/plugin-api/src/index.js';
import { DEFAULT_DETECT_OPTIONS } from './options.js';
import { ShardDetector } from './shard-detector.js';

const SECOND = 1_000_000;
const zeros = (table: object) => new Array<number>(Object.keys(table).length).fill(0);
const NOTHING = new Uint8Array(0);

/** An epoch of a source that was answered by as many unlisted services as a batch may name. */
function epoch(number: number): Batch {
  const finds = new Uint8Array(FINDS_PER_SOURCE_MAX * FIND_SIZE);
  const view = new DataView(finds.buffer);
  for (let find = 0; find < FINDS_PER_SOURCE_MAX; find++)
    view.setUint16(find * FIND_SIZE + FindAt.port, number * FINDS_PER_SOURCE_MAX + find, true);
  const source: SourceObservation = {
    ...{ tunnelKey: 0, address: Uint8Array.of(203, 0, 113, 9), firstUs: 0, lastUs: 9 },
    ...{ counters: zeros(SourceCounter), signatures: [], targets: NOTHING, contacts: NOTHING },
    ...{ targetSketch: null, pairSketch: null, ports: null, deep: [] },
    ...{ runKey: 0, ttlMin: 0, ttlMax: 0, sourcePortMin: 0, sourcePortMax: 0, traits: 0 },
    ...{ hits: NOTHING, samples: [], finds, findsMissed: 0 },
  };
  return {
    ...{ sensor: 'a', shard: 0, shardCount: 1, sequence: number, final: true },
    ...{ epochStartUs: number * SECOND, epochUs: SECOND, coverage: zeros(CoverageField) },
    ...{ signatures: [], sources: [source], singles: NOTHING, targets: [], hosts: [] },
  };
}

describe('ShardDetector', () => {
  it('counts the finds of a source that nobody reports once there is no room for them', () => {
    const detectors = { source: [], history: [], target: [], horizonUs: 60 * SECOND };
    const detector = new ShardDetector(0, detectors, { ...DEFAULT_DETECT_OPTIONS, shardCount: 1 });
    const dropped = [0, 1, 2, 3, 4, 5].map(
      (number) => detector.judge(epoch(number)).losses.finds_dropped,
    );
    expect(dropped).toEqual([0, 0, 0, 0, 1024, 2048]);
  });
});
