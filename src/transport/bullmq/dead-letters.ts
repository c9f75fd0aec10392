/**
 * What could not be judged, with the reason, for people: a BullMQ queue that nothing consumes.
 * Bounded: the oldest letters go, and every letter expires.
 */
import { type Job, Queue } from 'bullmq';
import type { Keys } from './keys.js';
import type { Item } from './message.js';
import type { RedisClient } from './redis.js';

export const DEAD_LETTER_QUEUE = 'dead-letters';
/** Letters kept; the count of all there ever were is in `stats` (`rejected.`). */
const LETTERS_MAX = 1_000;
const BYTES_KEPT_MAX = 16 * 1024;

export class DeadLetters {
  readonly #queue: Queue;

  constructor(client: RedisClient, keys: Keys) {
    this.#queue = new Queue(DEAD_LETTER_QUEUE, {
      prefix: keys.deadLetterPrefix,
      connection: client,
      streams: { events: { maxLen: 16 } },
    });
    this.#queue.on('error', () => {});
  }

  async bury(partition: string, reason: string, text: string, what: Job | Item): Promise<void> {
    const letter = { partition, reason, text: text.slice(0, 500), ...contentOf(what) };
    await this.#queue.add(reason, letter);
    const excess = (await this.#queue.getWaitingCount()) - LETTERS_MAX;
    if (excess <= 0) return;
    for (const job of await this.#queue.getWaiting(0, excess - 1)) await job.remove();
  }

  async count(): Promise<number> {
    return await this.#queue.getWaitingCount();
  }

  async close(): Promise<void> {
    await this.#queue.close();
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
