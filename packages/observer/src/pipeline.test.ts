import { describe, expect, it } from 'vitest';
import { CoverageField } from '../../plugin-api/src/batch-layout.js';
import { type Batch, decodeBatch } from '../../plugin-api/src/batch.js';
import { LinkType } from './base/link-types.js';
import { ipv4, tcp } from './decode/testkit/build-frame.js';
import { DEFAULT_OPTIONS, DEFAULT_TABLES, type ObserverOptions } from './options.js';
import { Pipeline } from './pipeline.js';

const START_US = 1_795_000_000_000_000;
const SHARDS = 4;
const SMALL = { sourcesMax: 1024, lightSourcesMax: 4096, targetsMax: 1024, contactsMax: 8192 };

/** A pipeline whose batches are decoded as they come. */
function observing(changes: Partial<ObserverOptions> = {}): {
  pipeline: Pipeline;
  batches: Batch[];
} {
  const batches: Batch[] = [];
  const tables = { ...DEFAULT_TABLES, ...SMALL, sketchesMax: 16, flowsMax: 1024 };
  const options = { ...DEFAULT_OPTIONS, homeNets: ['198.51.100.0/24'], shardCount: SHARDS, tables };
  const pipeline = new Pipeline({ ...options, ...changes }, (shard, bytes) => {
    const batch = decodeBatch(bytes);
    expect(batch.shard).toBe(shard);
    batches.push(batch);
  });
  return { pipeline, batches };
}

function syn(pipeline: Pipeline, timeUs: number, host: number, source = '203.0.113.5'): void {
  const addresses = { src: source, dst: `198.51.100.${host}`, id: timeUs & 0xffff };
  const frame = ipv4(tcp({ flags: 2, dst: 80 }), addresses);
  pipeline.frame(frame, 0, frame.length, frame.length, timeUs, LinkType.raw);
}

describe('the pipeline', () => {
  it('closes an epoch with one batch a shard, empty ones too, numbered per shard', () => {
    const { pipeline, batches } = observing();
    syn(pipeline, START_US + 5, 1);
    syn(pipeline, START_US + 999_999, 2);
    expect(batches).toEqual([]);
    syn(pipeline, START_US + 1_000_000, 3);
    pipeline.finish();
    expect(batches.map(({ shard, sequence, final }) => [shard, sequence, final])).toEqual([
      ...[0, 1, 2, 3].map((shard) => [shard, 0, true]),
      ...[0, 1, 2, 3].map((shard) => [shard, 1, true]),
    ]);
    expect(batches[0].epochStartUs).toBe(START_US);
    expect(batches[4].epochStartUs).toBe(START_US + 1_000_000);
    expect(batches.slice(0, 4).reduce((sum, { sources }) => sum + sources.length, 0)).toBe(1);
  });

  it('puts a source into the same shard in every epoch and kind of batch', () => {
    const { pipeline, batches } = observing();
    for (let host = 0; host < 100; host++) syn(pipeline, START_US + host, host);
    for (let host = 0; host < 2; host++) syn(pipeline, START_US + 1_000_000 + host, host);
    pipeline.finish();
    const shards = batches.filter(({ sources }) => sources.length > 0).map(({ shard }) => shard);
    expect(shards.length).toBe(3);
    expect(new Set(shards).size).toBe(1);
  });

  it('sends a source early at the packet that makes it count, and supersedes it', () => {
    const { pipeline, batches } = observing();
    for (let host = 0; host < 99; host++) syn(pipeline, START_US + host, host);
    expect(batches).toEqual([]);
    syn(pipeline, START_US + 99, 99);
    expect(batches.map(({ final, sources }) => [final, sources[0].targets.length / 4])).toEqual([
      [false, 100],
    ]);
    pipeline.finish();
    const last = batches.findLast(({ sources }) => sources.length > 0);
    expect(last).toMatchObject({ final: true, sequence: 1, shard: batches[0].shard });
  });

  it('lists singles up to the shard’s share and counts the rest', () => {
    const tables = { ...DEFAULT_TABLES, ...SMALL, sketchesMax: 16, singlesEmittedMax: 8 };
    const { pipeline, batches } = observing({ tables });
    for (let i = 0; i < 100; i++) syn(pipeline, START_US + i, 1, `203.0.113.${i}`);
    pipeline.finish();
    expect(batches.map(({ singles }) => singles.length / 64)).toEqual([2, 2, 2, 2]);
    expect(new Map(pipeline.stats()).get('singles_dropped')).toBe(92);
  });

  it('says in every batch how well it saw the epoch', () => {
    const { pipeline, batches } = observing();
    syn(pipeline, START_US, 1);
    pipeline.dropped(7);
    syn(pipeline, START_US + 1_000_000, 1);
    syn(pipeline, START_US + 1_000_001, 2);
    pipeline.finish();
    const seen = batches.map(({ coverage }) => [
      coverage[CoverageField.packets],
      coverage[CoverageField.inbound],
      coverage[CoverageField.dropped],
    ]);
    expect(seen).toEqual([...Array(SHARDS).fill([1, 1, 7]), ...Array(SHARDS).fill([2, 2, 0])]);
  });

  it('closes an idle epoch by the clock, after a moment’s grace', () => {
    const { pipeline, batches } = observing();
    pipeline.tick(START_US);
    syn(pipeline, START_US, 1);
    pipeline.tick(START_US + 1_199_999);
    expect(batches).toEqual([]);
    pipeline.tick(START_US + 1_200_000);
    expect(batches.length).toBe(SHARDS);
    syn(pipeline, START_US + 1_100_000, 2);
    pipeline.finish();
    expect(batches.length).toBe(2 * SHARDS);
    expect(new Map(pipeline.stats()).get('late')).toBe(0);
  });

  it('takes a packet from an epoch that is over, and counts it', () => {
    const { pipeline, batches } = observing();
    syn(pipeline, START_US + 1_000_000, 1);
    syn(pipeline, START_US + 10, 2);
    pipeline.finish();
    expect(new Map(pipeline.stats()).get('late')).toBe(1);
    expect(batches.flatMap(({ sources }) => sources)[0].targets.length / 4).toBe(2);
  });

  it('has nothing to say of nothing', () => {
    const { pipeline, batches } = observing();
    pipeline.finish();
    expect(batches).toEqual([]);
  });

  it('refuses a home network that is none', () => {
    expect(() => observing({ homeNets: ['198.51.100.0/33'] })).toThrow(RangeError);
  });
});
