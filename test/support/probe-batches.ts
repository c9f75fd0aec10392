/** Batches of a few TCP SYNs, as the TypeScript observer makes them. */
import { DEFAULT_OPTIONS, DEFAULT_TABLES } from '../../packages/observer/src/options.js';
import { Pipeline } from '../../packages/observer/src/pipeline.js';
import { tcpFrame } from '../generate/frames.js';
import { LINKTYPE_ETHERNET } from '../generate/pcap-writer.js';

export interface Probe {
  source: string;
  destination: string;
  port: number;
  timeUs: number;
}

const TABLES_MAX = 1_024;

/** Non-empty ones are among them; one per shard and second. */
export function probeBatches(probes: Probe[], homeNets: string[]): Uint8Array[] {
  const batches: Uint8Array[] = [];
  // Small tables are made quickly.
  const small = Object.keys(DEFAULT_TABLES).map((name) => [name, TABLES_MAX]);
  const tables = Object.fromEntries(small) as typeof DEFAULT_TABLES;
  const pipeline = new Pipeline({ ...DEFAULT_OPTIONS, homeNets, tables }, (_, batch) => {
    batches.push(Uint8Array.from(batch));
  });
  for (const { source, destination, port, timeUs } of probes) {
    const frame = tcpFrame({ source, destination, sourcePort: 40_000, destinationPort: port });
    pipeline.frame(frame, 0, frame.length, frame.length, timeUs, LINKTYPE_ETHERNET);
  }
  pipeline.finish();
  return batches;
}
