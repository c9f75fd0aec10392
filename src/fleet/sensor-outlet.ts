/**
 * Where a sensor's batches go: to Redis, and while it is slow or away to the spool, oldest first
 * when it is back. For a live sensor `push` never waits; a capture is read as fast as Redis takes
 * it, so that nothing of it is ever given up.
 */
import { readBatchHeader } from '../../packages/plugin-api/src/index.js';
import type { ItemKind } from '../transport/bullmq/message.js';
import { type Outgoing, Publisher } from '../transport/bullmq/publisher.js';
import type { Fleet } from './fleet.js';
import type { Spool, SpoolRecord } from './spool.js';

const DRAIN_RECORDS = 64;
const DRAIN_WAIT_MS = 200;

export class SensorOutlet {
  readonly #fleet: Fleet;
  readonly #source: string;
  readonly #spool: Spool | null;
  readonly #publisher: Publisher;
  /** The last sequence seen of our own batches, by shard. */
  readonly #sequences: number[];
  #draining: Promise<void> | null = null;
  #isClosed = false;
  /** Spooled records that are no batches of this deployment, left out. */
  #foreign = 0;

  /** `spool` is null for a capture. */
  constructor(fleet: Fleet, source: string, spool: Spool | null) {
    this.#fleet = fleet;
    this.#source = source;
    this.#spool = spool;
    this.#sequences = new Array(fleet.config.shards).fill(-1);
    this.#publisher = new Publisher({
      client: fleet.client,
      partitions: fleet.shards,
      keepMs: fleet.times.keepMs,
      depthMax: fleet.config.redis.depth_max,
    });
    this.#drainSpool();
  }

  async push(shard: number, bytes: Uint8Array): Promise<void> {
    const item = itemOf({ shard, bytes });
    this.#sequences[shard] = item.sequence;
    if (this.#spool === null) return await this.#publisher.publish(shard, item);
    if (this.#spool.isEmpty && this.#isFlowing()) {
      // There is room, so this does not wait; and a live sensor would not.
      void this.#publisher.publish(shard, item).catch(() => {});
      return;
    }
    this.#spool.push(shard, bytes);
    this.#drainSpool();
  }

  /** Tells every shard that the input has ended, or that the sensor pauses. */
  async tellAll(kind: Exclude<ItemKind, 'data'>): Promise<void> {
    for (const [shard, last] of this.#sequences.entries()) {
      const item = { source: this.#source, kind, sequence: last + 1, bytes: new Uint8Array() };
      await this.#publisher.publish(shard, item);
    }
  }

  /** Resolves when everything is in Redis. */
  async drain(): Promise<void> {
    await this.#draining;
    await this.#publisher.drain();
  }

  /** Ends; what is not in Redis goes to the spool, for the next run. */
  close(): void {
    this.#isClosed = true;
    const unsent = this.#publisher.close().filter(({ item }) => item.kind === 'data');
    this.#spool?.pushFront(unsent.map(({ index, item }) => ({ shard: index, bytes: item.bytes })));
  }

  stats(): Record<string, number> {
    const published = Object.entries(this.#publisher.stats());
    return {
      ...Object.fromEntries(published.map(([name, count]) => [`published_${name}`, count])),
      ...(this.#spool && { ...this.#spool.stats(), spool_foreign_batches: this.#foreign }),
    };
  }

  #isFlowing(): boolean {
    return this.#fleet.client.status === 'ready' && this.#publisher.hasRoom;
  }

  #drainSpool(): void {
    if (this.#spool === null || this.#spool.isEmpty || this.#draining) return;
    this.#draining = this.#moveOn(this.#spool).finally(() => {
      this.#draining = null;
    });
  }

  async #moveOn(spool: Spool): Promise<void> {
    while (!spool.isEmpty && !this.#isClosed) {
      if (!this.#isFlowing()) {
        await new Promise((resolve) => setTimeout(resolve, DRAIN_WAIT_MS));
        continue;
      }
      const records = spool.peek(DRAIN_RECORDS);
      for (const record of records) {
        const item = ownItem(record, this.#fleet.config.shards);
        if (item === null) this.#foreign++;
        else await this.#publisher.publish(record.shard, item);
      }
      await this.#publisher.drain();
      // Closed meanwhile, they are still in the spool, and are not put there again.
      if (!this.#isClosed) spool.shift(records.length);
    }
  }
}

/** The batch says whose it is: a spooled one may be of an earlier run. */
function itemOf({ bytes }: SpoolRecord): Outgoing {
  const { sensor, sequence } = readBatchHeader(bytes);
  return { source: sensor, kind: 'data', sequence, bytes };
}

/** Null for what is no batch of this deployment: the folder may hold anything. */
function ownItem(record: SpoolRecord, shardCount: number): Outgoing | null {
  try {
    const header = readBatchHeader(record.bytes);
    return header.shardCount === shardCount && header.shard === record.shard
      ? itemOf(record)
      : null;
  } catch {
    return null;
  }
}
