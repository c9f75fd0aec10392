/** What the transport trial leaves, and its section of docs/benchmarks.md. */
import type { CalmResult } from './calm.js';

export interface Way {
  name: string;
  /** Median, least and most of the rounds. */
  batchesPerSecond: number;
  least: number;
  most: number;
  observationsPerSecond: number;
  /** Of batches, before any encoding. */
  bytesPerSecond: number;
}

export interface TransportResults {
  date: string;
  commit: string;
  command: string;
  rounds: number;
  /** Programs that wanted a core, one-minute mean, before the first round and at the end. */
  busy: { before: number; after: number };
  load: { batches: number; bytes: number; observations: number };
  ways: Way[];
  calm: CalmResult[];
}

/** What a fleet must reach of the bare loop that carries one batch a job. */
export const RATIO_MIN = 0.7;

/** The best fleet over the limit. */
export function ratioOf({ ways }: TransportResults): number {
  const fleets = ways.filter(({ name }) => name.startsWith('fleet'));
  return Math.max(...fleets.map((way) => way.batchesPerSecond)) / ways[0].batchesPerSecond;
}

export function transportTables(results: TransportResults): string {
  const met = ratioOf(results) >= RATIO_MIN ? 'met' : '**missed**';
  return [
    table(
      ['way', 'batches/s (range)', 'observations/s', 'KiB/s', 'of limit'],
      results.ways.map((way) => wayCells(way, results.ways[0])),
    ),
    `- ${met}: a fleet reaches at least ${RATIO_MIN} of the limit's batch rate`,
    table(
      ['workers', 'batches/s', 'p50', 'p99', 'worker cores', 'Redis cores', 'worker MiB'].concat([
        'to Redis, bytes a batch',
        'Redis commands a batch',
      ]),
      results.calm.map(calmCells),
    ),
  ].join('\n\n');
}

function wayCells(way: Way, limit: Way): string[] {
  const isComparable = !way.name.startsWith('64 KiB');
  return [
    way.name,
    `${whole(way.batchesPerSecond)} (${whole(way.least)}-${whole(way.most)})`,
    isComparable ? whole(way.observationsPerSecond) : '',
    whole(way.bytesPerSecond / 1024),
    isComparable ? (way.batchesPerSecond / limit.batchesPerSecond).toFixed(2) : '',
  ];
}

function calmCells(calm: CalmResult): string[] {
  return [
    String(calm.workers),
    whole(calm.batchesPerSecond),
    `${whole(calm.p50Ms)} ms`,
    `${whole(calm.p99Ms)} ms`,
    calm.workerCores.toFixed(2),
    calm.redisCores.toFixed(2),
    whole(calm.workerRssMib),
    whole(calm.redisBytesPerBatch),
    calm.redisCommandsPerBatch.toFixed(1),
  ];
}

function table(head: string[], rows: string[][]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

export function transportSection(results: TransportResults): string {
  const { batches, bytes, observations } = results.load;
  const { busy } = results;
  const { sensors } = results.calm[0];
  const mean = whole(bytes / batches);
  return `## Transport

Through Redis with its append-only file on, over a Unix socket, beside worker threads, and beside a
bare BullMQ loop between two processes that only takes the bytes out (the limit). ${whole(batches)}
batches of ${mean} bytes on average, ${whole(observations)} observations: sources, targets and
hosts, each once per second. A fleet's time ends when the correlator has heard what the last batch
led to; it judges, journals and numbers everything meanwhile. Median of ${results.rounds} rounds;
the ways take turns. Redis, workers and publisher share the cores with whatever else runs: the
load average was ${busy.before.toFixed(1)} before and ${busy.after.toFixed(1)} after.
${results.date}, commit ${results.commit}, \`${results.command}\`.

${transportTables(results)}

The last table is ${sensors} sensors at their own pace, 16 batches each once a second, each with its
own connection, after ten seconds that are not counted: from a batch being handed to the sensor's
outlet until the correlator has what it led to, findings among it. Before that a batch waits for its
second to end, and a finding for the other sensors' same second. Processor time is of all workers
together; 1 is a whole core.
`;
}
