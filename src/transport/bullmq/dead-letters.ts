/**
 * What could not be judged, with the reason, for people: a BullMQ queue that nothing consumes.
 * Bounded: the oldest letters go, and every letter expires.
 */
import type { Job } from 'bullmq';
import { JobOutlet } from './job-outlet.js';
import type { Keys, QueueNames } from './keys.js';
import type { Item } from './message.js';
import { type Bounds, tidyQueue } from './queue-life.js';
import type { RedisClient } from './redis.js';

/** Letters kept; the count of all there ever were is in `stats` (`rejected.`). */
const LETTERS_MAX = 1_000;
const BYTES_KEPT_MAX = 16 * 1024;

export class DeadLetters {
  readonly #client: RedisClient;
  readonly #names: QueueNames;
  readonly #bounds: Bounds;
  readonly #outlet: JobOutlet;

  constructor(client: RedisClient, keys: Keys, keepMs: number) {
    this.#client = client;
    this.#names = keys.deadLetters;
    this.#bounds = { waitingMax: LETTERS_MAX, giveUp: 'oldest', keepMs };
    this.#outlet = new JobOutlet(client, this.#names, keepMs);
  }

  async bury(partition: string, reason: string, text: string, what: Job | Item): Promise<void> {
    const letter = { partition, reason, text: text.slice(0, 500), ...contentOf(what) };
    await this.#outlet.add(reason, letter);
    await tidyQueue(this.#client, this.#names, this.#bounds);
  }

  async close(): Promise<void> {
    await this.#outlet.close();
  }
}

function contentOf(what: Job | Item): Record<string, unknown> {
  if ('sequence' in what) {
    const bytes = Buffer.from(what.bytes.subarray(0, BYTES_KEPT_MAX)).toString('base64');
    return { source: what.source, sequence: what.sequence, size: what.bytes.length, bytes };
  }
  const text = JSON.stringify(what.data) ?? '';
  return { job: what.id, size: text.length, data: text.slice(0, BYTES_KEPT_MAX) };
}
