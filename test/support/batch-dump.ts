/**
 * Prints what the TypeScript observer makes of capture files, exactly as
 * `native/test/batch_dump.cc` does for the native one: a line per batch with shard, size and hash,
 * then the counters.
 */
import { readFileSync } from 'node:fs';
import { CaptureParser } from '../../packages/observer/src/capture/parser.js';
import { DEFAULT_OPTIONS, DEFAULT_TABLES } from '../../packages/observer/src/options.js';
import { Pipeline } from '../../packages/observer/src/pipeline.js';

export interface DumpSettings {
  homeNets: string[];
  darkAfterUs: number;
  silentAfterUs: number;
  /** Sets every table's, to see them overflow. */
  capacity: number | undefined;
}

/** The lines for one file. */
export function batchDump(path: string, settings: DumpSettings): string[] {
  const { homeNets, darkAfterUs, silentAfterUs, capacity } = settings;
  const lines = [`file ${path}`];
  const tables = { ...DEFAULT_TABLES };
  if (capacity !== undefined) {
    for (const name of Object.keys(tables) as (keyof typeof tables)[]) tables[name] = capacity;
  }
  const options = { ...DEFAULT_OPTIONS, homeNets, darkAfterUs, silentAfterUs, tables };
  const pipeline = new Pipeline(options, (shard, batch) => {
    lines.push(`batch ${shard} ${batch.length} ${fnv1a(batch)}`);
  });
  const parser = new CaptureParser((bytes, from, captured, wire, timeUs, linkType) =>
    pipeline.frame(bytes, from, captured, wire, timeUs, linkType),
  );
  parser.push(readFileSync(path));
  parser.end();
  pipeline.finish();
  for (const [name, value] of pipeline.stats()) lines.push(`${name}=${value}`);
  return lines;
}

function fnv1a(bytes: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
