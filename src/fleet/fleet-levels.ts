/** How a fleet is doing, for metrics: what `picket status` shows, as flat numbers by shard. */
import { type FleetStatus, readStatus } from '../transport/bullmq/status.js';
import type { Fleet } from './fleet.js';

/** A scrape waits no longer for Redis; the next one tries again. */
const ANSWER_MS_MAX = 2_000;
const ROLES = ['sensor', 'worker', 'correlator'] as const;

/** Asks Redis when metrics are read; one question at a time, none while it is away. */
export class FleetLevels {
  readonly #fleet: Fleet;
  #asked: Promise<FleetStatus | null> | null = null;

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
  }

  /** Section `fleet`; empty when Redis does not answer, which section `redis` tells. */
  async read(): Promise<Record<string, number>> {
    const { client, keys, shards } = this.#fleet;
    if (client.status !== 'ready') return {};
    // An answer that is late is waited for once, not again by every scrape.
    this.#asked ??= readStatus(client, keys, shards)
      .catch(() => null)
      .finally(() => {
        this.#asked = null;
      });
    const status = await within(ANSWER_MS_MAX, this.#asked);
    return status === null ? {} : levelsOf(status);
  }
}

/** By shard after a dot. A lease nobody holds is judged by nobody: its queue grows. */
export function levelsOf(status: FleetStatus): Record<string, number> {
  const { partitions, members, deadLetters, redisUsedBytes } = status;
  const owners = partitions.map(({ owner }) => owner);
  const levels: Record<string, number> = {
    dead_letters: deadLetters,
    redis_used_bytes: redisUsedBytes,
    lease_owners: new Set(owners.filter((owner) => owner !== null)).size,
    shards_unheld: owners.filter((owner) => owner === null).length,
  };
  for (const role of ROLES)
    levels[`members.${role}`] = members.filter((one) => one.role.includes(role)).length;
  for (const { id, waiting, active, journalEntries, snapshotBytes, owner } of partitions) {
    levels[`queue_waiting.${id}`] = waiting;
    levels[`queue_active.${id}`] = active;
    levels[`journal_entries.${id}`] = journalEntries;
    levels[`checkpoint_bytes.${id}`] = snapshotBytes;
    levels[`held.${id}`] = owner === null ? 0 : 1;
  }
  return levels;
}

async function within<T>(ms: number, answer: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ms);
  });
  const first = await Promise.race([answer, late]);
  clearTimeout(timer);
  return first;
}
