/** A BullMQ queue that this process only adds to. */
import { Queue } from 'bullmq';
import type { QueueNames } from './keys.js';
import { keepQueue } from './queue-life.js';
import type { RedisClient } from './redis.js';

export class JobOutlet {
  readonly #client: RedisClient;
  readonly #names: QueueNames;
  readonly #keepMs: number;
  #queue: Queue | null = null;

  /** What is in it expires when nothing is added for `keepMs`. */
  constructor(client: RedisClient, { prefix, queue }: QueueNames, keepMs: number) {
    this.#client = client;
    this.#names = { prefix, queue };
    this.#keepMs = keepMs;
  }

  /** Resolves when it is in Redis. @throws Error of a server that answers but cannot. */
  async add(name: string, data: unknown): Promise<void> {
    const { id = '' } = await this.#opened().add(name, data);
    // Nobody waits for it: the next job does the same, and this one is in Redis.
    keepQueue(this.#client, this.#names, id, this.#keepMs).catch(() => {});
  }

  /** Jobs that nobody has taken. */
  async waitingCount(): Promise<number> {
    return await this.#opened().getWaitingCount();
  }

  async close(): Promise<void> {
    await this.#queue?.close();
  }

  /** Made for the first job: BullMQ writes a key of its own at once, which nothing would expire. */
  #opened(): Queue {
    if (this.#queue) return this.#queue;
    const { queue, prefix } = this.#names;
    this.#queue = new Queue(queue, {
      prefix,
      connection: this.#client,
      streams: { events: { maxLen: 16 } },
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true, attempts: 1 },
    });
    this.#queue.on('error', () => {});
    return this.#queue;
  }
}
