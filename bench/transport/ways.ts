/** The ways a load can go: a bare BullMQ loop, a fleet, worker threads. Each returns seconds. */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Queue } from 'bullmq';
import { Fleet } from '../../src/fleet/fleet.js';
import { SensorOutlet } from '../../src/fleet/sensor-outlet.js';
import { detectOptions } from '../../src/pipeline-options.js';
import { takeThread } from '../../src/shared/threads.js';
import { openLogger } from '../../src/shared/logger.js';
import { unpackOutcome } from '../../src/transport/bullmq/outcome-message.js';
import type { Workings } from '../../src/transport/bullmq/partition-consumer.js';
import { PartitionHost } from '../../src/transport/bullmq/partition-host.js';
import { closeRedis, openRedis } from '../../src/transport/bullmq/redis.js';
import { parseRedisUrl } from '../../src/transport/bullmq/redis-url.js';
import { EmbeddedTransport } from '../../src/transport/embedded.js';
import type { ShardOutcome } from '../../src/transport/contract.js';
import { fleetConfig } from '../../test/support/fleet.js';
import type { RedisServer } from '../../test/support/redis-server.js';
import { Child, until } from './children.js';
import { HOME, type Load, SHARDS } from './load.js';

export type Form = 'base64' | 'key';

/** Until another process has taken every job. `perJob` batches travel in a job. */
export async function bareLoop(
  server: RedisServer,
  { batches }: Load,
  namespace: string,
  form: Form,
  perJob = 1,
): Promise<number> {
  const client = openRedis(parseRedisUrl(server.url), () => {});
  const words = ['bench/transport/bare-consumer.ts', server.socket, namespace, `${SHARDS}`, form];
  const consumer = new Child([process.execPath, '--import', 'tsx', ...words]);
  const prefixOf = (shard: number) => `{${namespace}:${shard}}`;
  // As the product's Publisher.
  const queues = Array.from({ length: SHARDS }, (_, shard) => {
    const defaultJobOptions = { removeOnComplete: true, removeOnFail: true, attempts: 1 };
    const streams = { events: { maxLen: 16 } };
    const prefix = prefixOf(shard);
    return new Queue('batches', { prefix, connection: client, streams, defaultJobOptions });
  });
  try {
    await consumer.says('ready');
    const startedMs = performance.now();
    const lanes = queues.map(async (queue, shard) => {
      const own = batches.filter((batch) => batch.shard === shard).map(({ bytes }) => bytes);
      for (let at = 0; at < own.length; at += perJob) {
        const bytes = Buffer.concat(own.slice(at, at + perJob));
        if (form === 'base64') {
          await queue.add('items', { v: 1, source: 'bench', items: bytes.toString('base64') });
          continue;
        }
        const key = String(at);
        // The bytes first: the job must find them.
        const stored = client.set(`${prefixOf(shard)}:b:${key}`, bytes, 'EX', 3600);
        await Promise.all([stored, queue.add('items', { v: 1, source: 'bench', key })]);
      }
    });
    await Promise.all(lanes);
    await until('the bare consumer takes every job', async () => {
      const counts = await Promise.all(queues.map((queue) => queue.getJobCounts('wait', 'active')));
      return counts.every(({ wait, active }) => wait + active === 0);
    });
    return (performance.now() - startedMs) / 1000;
  } finally {
    await consumer.end();
    await Promise.all(queues.map((queue) => queue.close()));
    closeRedis(client);
  }
}

/** Workers as processes; sensors, and a correlator that only listens, in this one. */
export interface OpenFleet {
  workers: Child[];
  /** As the sensor of that index. */
  push(sensor: number, shard: number, bytes: Uint8Array): Promise<void>;
  /** Outcomes that have come, and for each the time since its batch was pushed, milliseconds. */
  readonly outcomes: { count: number; latenciesMs: number[] };
  close(): Promise<void>;
}

/** Resolves when every worker has its share of the shards. */
export async function openFleet(
  server: RedisServer,
  namespace: string,
  workerCount: number,
  sensors: string[],
): Promise<OpenFleet> {
  const config = fleetConfig({ url: server.url, namespace, home: HOME, workers: workerCount });
  const connect = async (): Promise<Fleet> => {
    const fleet = new Fleet(config, parseRedisUrl(server.url), openLogger('error', 'json'));
    await fleet.join();
    return fleet;
  };
  const file = join(server.folder, `${namespace}.yaml`);
  writeFileSync(file, `redis: { url: "${server.url}", namespace: ${namespace} }\n`);
  const words = [resolve('dist/src/main.js'), 'work', '--config', file];
  const workers = Array.from({ length: workerCount }, () => new Child(words));
  const correlating = await connect();
  const sensing = await Promise.all(sensors.map(connect));
  const outlets = sensing.map((fleet, index) => new SensorOutlet(fleet, sensors[index], null));
  const outcomes = { count: 0, latenciesMs: [] as number[] };
  const pushedMs: number[][] = Array.from({ length: SHARDS }, () => []);
  const host = listeningHost(correlating, (shard) => {
    outcomes.count++;
    outcomes.latenciesMs.push(performance.now() - (pushedMs[shard].shift() ?? Number.NaN));
  });
  await host.start();
  const share = Math.floor(SHARDS / workerCount);
  await until('the workers share the leases', async () => {
    const { client, shards } = correlating;
    const owners = await Promise.all(shards.map(({ lease }) => client.hget(lease, 'owner')));
    const held = new Map<string | null, number>();
    for (const owner of owners) held.set(owner, (held.get(owner) ?? 0) + 1);
    held.delete(null);
    return held.size === workerCount && [...held.values()].every((count) => count >= share);
  });
  return {
    workers,
    outcomes,
    push: async (sensor, shard, bytes) => {
      pushedMs[shard].push(performance.now());
      await outlets[sensor].push(shard, bytes);
    },
    close: async () => {
      for (const outlet of outlets) outlet.close();
      await Promise.all(workers.map((worker) => worker.end()));
      await host.stop();
      for (const fleet of [correlating, ...sensing]) fleet.close();
    },
  };
}

/** Holds the correlator's lease, and hears what the workers say. */
function listeningHost(fleet: Fleet, heard: (shard: number) => void): PartitionHost {
  const workings: Workings<ShardOutcome> = {
    open: () => ({
      apply: ({ bytes }) => unpackOutcome(bytes),
      snapshot: () => new Uint8Array(),
    }),
    handOn: async (effects) => {
      for (const { value } of effects) heard(value.shard);
    },
  };
  return new PartitionHost({
    client: fleet.client,
    keys: fleet.keys,
    id: fleet.id,
    role: 'correlator',
    partitions: [fleet.keys.correlator()],
    workingsOf: () => workings as Workings<unknown>,
  });
}

/** Until the correlator has heard the outcome of every batch. */
export async function fleetLoop(
  server: RedisServer,
  { batches }: Load,
  sensor: string,
  namespace: string,
  workerCount: number,
): Promise<number> {
  const fleet = await openFleet(server, namespace, workerCount, [sensor]);
  try {
    const startedMs = performance.now();
    for (const { shard, bytes } of batches) await fleet.push(0, shard, bytes);
    await until('every outcome has come', () => fleet.outcomes.count >= batches.length);
    return (performance.now() - startedMs) / 1000;
  } finally {
    await fleet.close();
  }
}

export async function embeddedLoop({ batches }: Load, workers: number): Promise<number> {
  const config = fleetConfig({ url: '', namespace: 'none', home: HOME, workers });
  const transport = new EmbeddedTransport({
    shardCount: SHARDS,
    workers,
    openThread: (name) => takeThread(pathToFileURL(resolve('dist/src/worker.js')), name),
    settings: detectOptions(config),
  });
  await transport.start(() => {});
  const startedMs = performance.now();
  // A batch belongs to the transport afterwards.
  for (const { shard, bytes } of batches) await transport.publish(shard, Uint8Array.from(bytes));
  await transport.drain();
  const seconds = (performance.now() - startedMs) / 1000;
  await transport.close();
  return seconds;
}
