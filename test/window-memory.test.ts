/**
 * Guarantee 4 on the judging side: what all windows take together is bounded, whoever comes; who
 * scans is found all the same, and what is said of it is true. `test/memory.test.ts` weighs the
 * process.
 */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../packages/plugin-api/src/index.js';
import { unpackShard } from '../src/detect/checkpoint.js';
import { DetectorSet } from '../src/detect/detector-set.js';
import { DEFAULT_DETECT_OPTIONS, type DetectOptions } from '../src/detect/options.js';
import { type Outcome, ShardDetector } from '../src/detect/shard-detector.js';
import type { ShardState } from '../src/detect/shard-state.js';
import { BOTNET_DEFAULTS, type BotnetParameters, writeBotnet } from './generate/botnet.js';
import { PcapWriter } from './generate/pcap-writer.js';
import { batchesOf, type ShardBatch } from './support/batches.js';
import { scratchFolder } from './support/scratch.js';

const scratch = scratchFolder();
const SHARDS = DEFAULT_DETECT_OPTIONS.shardCount;
const HISTORIES = 256;
const roomy: DetectOptions = { ...DEFAULT_DETECT_OPTIONS, historySourcesMax: SHARDS * HISTORIES };

function batchesByShard(name: string, ...botnets: Partial<BotnetParameters>[]): ShardBatch[][] {
  const path = join(scratch, `${name}.pcap`);
  const writer = new PcapWriter(path);
  for (const changes of botnets) writeBotnet(writer, { ...BOTNET_DEFAULTS, ...changes });
  writer.close();
  const shards: ShardBatch[][] = Array.from({ length: SHARDS }, () => []);
  for (const batch of batchesOf(path, [BOTNET_DEFAULTS.home])) shards[batch.shard].push(batch);
  return shards;
}

/** What is said of a shard; `look` sees its state now and then, as a checkpoint would have it. */
function judged(
  batches: readonly ShardBatch[],
  options: DetectOptions,
  look: (state: ShardState) => void = () => {},
): Outcome[] {
  const detectors = new DetectorSet(options);
  const detector = new ShardDetector(batches[0].shard, detectors, options);
  const { horizonUs } = detectors;
  const settings = { historySourcesMax: HISTORIES, horizonUs, pauseUs: options.pauseUs };
  const limits = {
    ...settings,
    sourcesMax: 1,
    targetsMax: 1,
    windowBytesMax: 1,
    sensorSilentUs: 1,
  };
  const outcomes = batches.map(({ bytes }, at) => {
    const outcome = detector.accept(bytes);
    if (at % 4 === 0) look(unpackShard(detector.snapshot(), limits));
    return outcome;
  });
  return [...outcomes, detector.end()];
}

const findingsOf = (outcomes: readonly Outcome[]): Finding[] =>
  outcomes.flatMap(({ findings }) => findings);
const lossOf = (outcomes: readonly Outcome[], name: string): number =>
  outcomes.at(-1)?.losses[name] ?? 0;
const bytesOf = ({ sources, targets }: ShardState): number =>
  [...sources.values(), ...targets.values()].reduce(
    (sum, { window, log }) => sum + window.bytes + log.bytes,
    0,
  );

describe('more busy sources than there is memory for their windows', () => {
  const TARGETS = 128;
  const PORTS = [22, 80, 443];
  const shards = batchesByShard('busy', { sourceCount: 160, ports: PORTS, ratePerSecond: 4000 });
  const SHARE = 160 * 1024;
  const tight = { ...roomy, windowBytesMax: SHARDS * SHARE };

  it.each([0, 7])('are all found and truly counted within it, in shard %i', (shard) => {
    const withRoom = judged(shards[shard], roomy);
    let most = 0;
    const without = judged(shards[shard], tight, (state) => {
      most = Math.max(most, bytesOf(state));
    });
    expect(most).toBeLessThanOrEqual(SHARE);
    expect(lossOf(withRoom, 'windows_shrunk')).toBe(0);
    expect(lossOf(without, 'windows_shrunk')).toBeGreaterThan(10);
    const found = (outcomes: Outcome[]) =>
      findingsOf(outcomes)
        .filter(({ kind, state }) => kind === 'address_scan' && state === 'started')
        .map(({ source }) => source?.ip)
        .sort();
    expect(found(withRoom).length).toBeGreaterThan(4);
    expect(found(without)).toEqual(found(withRoom));
    for (const [at, { progress }] of without.entries()) {
      for (const activity of progress) {
        const truth = withRoom[at].progress.find(({ source }) => source.ip === activity.source.ip);
        for (const count of ['targetCount', 'pairCount', 'portCount'] as const) {
          const true_ = truth?.[count] ?? 0;
          if (activity.exact) expect(activity[count]).toBe(true_);
          expect(activity[count]).toBeLessThanOrEqual(true_);
        }
        if (activity.reach.exact) expect(activity.reach).toEqual(truth?.reach);
        expect(activity.reach.targets).toBeLessThanOrEqual(TARGETS);
        expect(activity.reach.pairs).toBeLessThanOrEqual(TARGETS * PORTS.length);
      }
    }
  });

  it('end each finding once, when it has ended', () => {
    const findings = findingsOf(shards.flatMap((batches) => judged(batches, tight)));
    const started = findings.filter(({ state }) => state === 'started').map(({ id }) => id);
    const ended = findings.filter(({ state }) => state === 'ended').map(({ id }) => id);
    expect(new Set(started).size).toBe(started.length);
    expect(ended.sort()).toEqual(started.sort());
  });
});

describe('more sources with something open than there are windows', () => {
  const WINDOWS = 8;
  /** Every second others. */
  const waves = Array.from({ length: 30 }, (_, second) => ({
    ...{ scanner: 'masscan-1.3' as const, sourceCount: 40, home: '10.10.0.0/29', ports: [22] },
    ...{ ratePerSecond: 400, seed: second, startUs: BOTNET_DEFAULTS.startUs + second * 1_000_000 },
  }));
  const shards = batchesByShard('marked', ...waves);
  const few = { ...roomy, windowSourcesMax: SHARDS * WINDOWS };

  it('keep to their number, and what had to go is told as ended', () => {
    let most = 0;
    const outcomes = judged(shards[3], few, ({ sources }) => {
      most = Math.max(most, sources.size);
    });
    expect(most).toBe(WINDOWS);
    expect(lossOf(outcomes, 'window_sources_evicted')).toBeGreaterThan(10);
    const findings = findingsOf(outcomes);
    const [started, ended] = ['started', 'ended'].map((wanted) =>
      findings.filter(({ state }) => state === wanted).map(({ id }) => id),
    );
    expect(started.length).toBeGreaterThan(10);
    expect(ended.sort()).toEqual(started.sort());
  });
});
