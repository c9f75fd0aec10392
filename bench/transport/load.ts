/** What the transport trial sends: batches of a busy link with scanners, second by second. */
import { decodeBatch } from '../../packages/plugin-api/src/index.js';
import { SINGLE_SIZE } from '../../packages/plugin-api/src/batch-layout.js';
import { MIXED_DEFAULTS, mixedCapture } from '../../test/generate/mixed.js';
import { batchesOf, type ShardBatch } from '../../test/support/batches.js';

export const HOME = MIXED_DEFAULTS.home;
export const SHARDS = 16;

export interface Load {
  batches: ShardBatch[];
  bytes: number;
  /** Sources, one-packet sources, targets and hosts, each once per second. */
  observations: number;
}

/**
 * `sensor` is the name of who publishes them: it is part of every batch.
 * @param ratePerSecond packets per second of packet time
 */
export function makeLoad(sensor: string, seconds: number, ratePerSecond: number): Load {
  const path = mixedCapture({ packetCount: seconds * ratePerSecond, ratePerSecond });
  const batches = batchesOf(path, HOME.split(','), { sensor });
  let bytes = 0;
  let observations = 0;
  for (const batch of batches) {
    const { sources, singles, targets, hosts } = decodeBatch(batch.bytes);
    bytes += batch.bytes.length;
    observations += sources.length + singles.length / SINGLE_SIZE + targets.length + hosts.length;
  }
  return { batches, bytes, observations };
}

/** Batches of nothing but size, for loops that do not look inside. */
export function makeBallast(count: number, size: number): Load {
  const batches = Array.from({ length: count }, (_, number) => {
    return { shard: number % SHARDS, bytes: new Uint8Array(size).fill(number) };
  });
  return { batches, bytes: count * size, observations: 0 };
}
