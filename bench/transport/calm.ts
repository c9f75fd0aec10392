/** Twenty sensors at their own pace: how late their outcomes come, and what all of it costs. */
import { setTimeout as pause } from 'node:timers/promises';
import { closeRedis, openRedis } from '../../src/transport/bullmq/redis.js';
import { parseRedisUrl } from '../../src/transport/bullmq/redis-url.js';
import type { RedisServer } from '../../test/support/redis-server.js';
import { cpuSecondsOf, until } from './children.js';
import { makeLoad, SHARDS } from './load.js';
import { openFleet } from './ways.js';

const PACKETS_PER_SECOND = 1_000;
/** Seconds that are not counted: programs that have just started are slow. */
const WARM_S = 10;

export interface CalmResult {
  workers: number;
  sensors: number;
  batchesPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** Processor time over the time it took: 1 is a whole core. */
  workerCores: number;
  redisCores: number;
  workerRssMib: number;
  /** What Redis received and did, over batches. */
  redisBytesPerBatch: number;
  redisCommandsPerBatch: number;
}

/**
 * Each sensor sends its 16 batches together once a second; their seconds begin at other times.
 * `seconds` are those that count.
 */
export async function calmTrial(
  server: RedisServer,
  workers: number,
  sensorCount: number,
  seconds: number,
): Promise<CalmResult> {
  const names = Array.from({ length: sensorCount }, (_, index) => `calm-${index}#1`);
  const loads = names.map((name) => makeLoad(name, WARM_S + seconds, PACKETS_PER_SECOND).batches);
  const client = openRedis(parseRedisUrl(server.url), () => {});
  const fleet = await openFleet(server, `calm-${workers}`, workers, names);
  try {
    const startedMs = performance.now();
    let pushed = 0;
    const warm = pause(WARM_S * 1000).then(async () => {
      fleet.outcomes.latenciesMs.length = 0;
      return {
        pushed,
        atMs: performance.now(),
        ...(await costs(client, server.pid, fleet.workers)),
      };
    });
    const sensors = loads.map(async (batches, sensor) => {
      for (let second = 0; second * SHARDS < batches.length; second++) {
        const dueMs = startedMs + (second + sensor / sensorCount) * 1000;
        await pause(Math.max(0, dueMs - performance.now()));
        const own = batches.slice(second * SHARDS, (second + 1) * SHARDS);
        pushed += own.length;
        await Promise.all(own.map(({ shard, bytes }) => fleet.push(sensor, shard, bytes)));
      }
    });
    await Promise.all(sensors);
    await until('every outcome has come', () => fleet.outcomes.count >= pushed);
    const before = await warm;
    const elapsedS = (performance.now() - before.atMs) / 1000;
    const counted = pushed - before.pushed;
    const after = await costs(client, server.pid, fleet.workers);
    const sorted = fleet.outcomes.latenciesMs.filter(Number.isFinite).sort((a, b) => a - b);
    const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1];
    return {
      workers,
      sensors: sensorCount,
      batchesPerSecond: counted / elapsedS,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      workerCores: (after.workerCpuS - before.workerCpuS) / elapsedS,
      redisCores: (after.redisCpuS - before.redisCpuS) / elapsedS,
      workerRssMib: Math.max(...fleet.workers.map((worker) => worker.rssBytes())) / 2 ** 20,
      redisBytesPerBatch: (after.bytes - before.bytes) / counted,
      redisCommandsPerBatch: (after.commands - before.commands) / counted,
    };
  } finally {
    await fleet.close();
    closeRedis(client);
  }
}

async function costs(
  client: ReturnType<typeof openRedis>,
  redisPid: number,
  workers: { cpuSeconds(): number }[],
) {
  const text = await client.info('stats');
  const figure = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(text)?.[1]);
  return {
    bytes: figure('total_net_input_bytes'),
    commands: figure('total_commands_processed'),
    redisCpuS: cpuSecondsOf(redisPid),
    workerCpuS: workers.reduce((sum, worker) => sum + worker.cpuSeconds(), 0),
  };
}
