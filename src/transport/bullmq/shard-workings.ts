/** A shard's partition: batches in; what was judged goes on to the correlator's queue. */
import type { ShardOutcome } from '../contract.js';
import { JobOutlet } from './job-outlet.js';
import type { Keys } from './keys.js';
import { type Item, writeMessage } from './message.js';
import { packOutcome } from './outcome-message.js';
import type { Effect, Machine, Workings } from './partition-consumer.js';
import type { RedisClient } from './redis.js';

/** The judge of one shard, as this transport sees it. */
export type ShardMachine = Machine<ShardOutcome>;

/** Jobs of outcomes that the correlator has not taken; beyond it the shards wait. */
const DEPTH_MAX = 2_048;
const DEPTH_EVERY_JOBS = 16;
const DEPTH_WAIT_MS = 100;
const JOB_BYTES_MAX = 1024 * 1024;

/** The way to the correlator, shared by the shards of a process. */
export class OutcomeQueue {
  readonly #outlet: JobOutlet;
  #jobs = 0;
  #isClosed = false;

  constructor(client: RedisClient, keys: Keys, keepMs: number) {
    this.#outlet = new JobOutlet(client, keys.correlator(), keepMs);
  }

  /** In order, at least once each; waits while the correlator is far behind. */
  async add(shard: string, effects: Effect<ShardOutcome>[]): Promise<void> {
    for (const group of groupsOf(shard, effects)) {
      await this.#outlet.add('outcomes', writeMessage(group[0].source, group));
      this.#jobs++;
      while (this.#jobs % DEPTH_EVERY_JOBS === 0 && !this.#isClosed) {
        if ((await this.#outlet.waitingCount()) <= DEPTH_MAX) break;
        await new Promise((resolve) => setTimeout(resolve, DEPTH_WAIT_MS));
      }
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#outlet.close();
  }
}

export function shardWorkings(
  shard: string,
  outcomes: OutcomeQueue,
  open: (snapshot: Uint8Array | null) => ShardMachine,
): Workings<ShardOutcome> {
  return { open, handOn: (effects) => outcomes.add(shard, effects) };
}

/** The state of a shard is the source of its outcomes: it numbers them. */
function groupsOf(shard: string, effects: Effect<ShardOutcome>[]): Item[][] {
  const groups: Item[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const { source, number, value } of effects) {
    const bytes = packOutcome(value);
    if (size + bytes.length > JOB_BYTES_MAX) {
      groups.push([]);
      size = 0;
    }
    size += bytes.length;
    const sequence = number - 1;
    groups[groups.length - 1].push({
      source: `${shard}.${source}`,
      kind: 'data',
      sequence,
      previous: sequence - 1,
      bytes,
    });
  }
  return groups;
}
