/**
 * Judged in the thread that correlates, nothing is copied on the way. So nobody may change what was
 * handed over: here it is frozen, and what is said is what copies would have said.
 */
import { describe, expect, it } from 'vitest';
import { Correlator } from '../src/correlate/correlator.js';
import { DEFAULT_DETECT_OPTIONS } from '../src/detect/options.js';
import { ShardJudge } from '../src/detect/shard-judge.js';
import type { ShardOutcome } from '../src/transport/contract.js';
import { batchesOf, type ShardBatch } from './support/batches.js';
import { judgedCases } from './support/cases.js';
import { scratchFolder } from './support/scratch.js';

const SHARDS = 16;
const options = { ...DEFAULT_DETECT_OPTIONS, historySourcesMax: SHARDS * 256 };

/** Everything said, each outcome as `pass` hands it over. */
function said(batches: ShardBatch[], pass: (outcome: ShardOutcome) => ShardOutcome): string[] {
  const shards = Array.from({ length: SHARDS }, (_, shard) => shard);
  const judge = new ShardJudge(options, shards);
  const correlator = new Correlator({ shardCount: SHARDS, order: 'canonical' });
  const events: string[] = [];
  const tell = (): void => {
    for (const event of correlator.advance()) events.push(JSON.stringify(event));
  };
  for (const { bytes } of batches) {
    correlator.accept(pass(judge.accept(bytes)));
    tell();
  }
  for (const outcome of judge.end()) correlator.accept(pass(outcome));
  events.push(...correlator.end().map((event) => JSON.stringify(event)));
  return events;
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) frozen(part);
  return value;
}

describe('judging in the same thread', () => {
  it.each(judgedCases(scratchFolder()))('says what copies say: $name', ({ path, home }) => {
    const batches = batchesOf(path, home);
    const expected = said(batches, (outcome) => structuredClone(outcome));
    expect(said(batches, frozen)).toEqual(expected);
  });
});
