/** The batches of a capture, as the TypeScript observer makes them. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { CaptureParser } from '../../packages/observer/src/capture/parser.js';
import { DEFAULT_OPTIONS, type ObserverOptions } from '../../packages/observer/src/options.js';
import { Pipeline } from '../../packages/observer/src/pipeline.js';

export interface ShardBatch {
  shard: number;
  bytes: Uint8Array;
}

export function batchesOf(
  path: string,
  homeNets: string[],
  options: Partial<ObserverOptions> = {},
): ShardBatch[] {
  const batches: ShardBatch[] = [];
  const pipeline = new Pipeline({ ...DEFAULT_OPTIONS, ...options, homeNets }, (shard, batch) => {
    batches.push({ shard, bytes: Uint8Array.from(batch) });
  });
  const parser = new CaptureParser((bytes, from, captured, wire, timeUs, linkType) =>
    pipeline.frame(bytes, from, captured, wire, timeUs, linkType),
  );
  const stored = readFileSync(path);
  parser.push(path.endsWith('.gz') ? gunzipSync(stored) : stored);
  parser.end();
  pipeline.finish();
  return batches;
}
