/** What Redis says of a deployment: read only, for `picket status` and the metrics. */
import type { Keys, Partition, QueueNames } from './keys.js';
import { ownerOf } from './lease-scripts.js';
import { type KnownMember, listMembers } from './members.js';
import type { RedisClient } from './redis.js';

export interface PartitionStatus {
  id: string;
  /** Member id of the lease's holder, or null. */
  owner: string | null;
  /** Jobs that nobody has taken, and jobs being judged. */
  waiting: number;
  active: number;
  journalEntries: number;
  snapshotBytes: number;
}

export interface FleetStatus {
  partitions: PartitionStatus[];
  members: KnownMember[];
  deadLetters: number;
  /** 0 where the server does not tell. */
  redisUsedBytes: number;
}

export async function readStatus(
  client: RedisClient,
  keys: Keys,
  shards: readonly Partition[],
): Promise<FleetStatus> {
  const partitions = [...shards, keys.correlator()];
  return {
    partitions: await Promise.all(partitions.map((partition) => statusOf(client, partition))),
    members: await listMembers(client, keys),
    deadLetters: await waitingIn(client, keys.deadLetters),
    redisUsedBytes: await usedBytes(client),
  };
}

async function statusOf(client: RedisClient, partition: Partition): Promise<PartitionStatus> {
  const { id, prefix, queue, journal, snapshot } = partition;
  return {
    id,
    owner: await ownerOf(client, partition),
    waiting: await waitingIn(client, partition),
    active: await client.llen(`${prefix}:${queue}:active`),
    journalEntries: await client.llen(journal),
    snapshotBytes: await client.strlen(snapshot),
  };
}

async function waitingIn(client: RedisClient, { prefix, queue }: QueueNames): Promise<number> {
  return await client.llen(`${prefix}:${queue}:wait`);
}

async function usedBytes(client: RedisClient): Promise<number> {
  const info = await client.info('memory').catch(() => '');
  return Number(/^used_memory:(\d+)/m.exec(info)?.[1] ?? 0);
}
