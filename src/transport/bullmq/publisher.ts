/**
 * Publishes items, in order per partition, at least once.
 * One job per partition is on its way at a time; what comes meanwhile travels together in the next.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { PicketError } from '../../shared/errors.js';
import { JobOutlet } from './job-outlet.js';
import type { Partition } from './keys.js';
import { type Item, writeMessage } from './message.js';
import type { RedisClient } from './redis.js';

export interface PublisherOptions {
  client: RedisClient;
  partitions: readonly Partition[];
  /** How long what nobody takes is kept, milliseconds. */
  keepMs: number;
  /** Items accepted and not yet in Redis, at most. @defaultValue 1024 */
  waitingItemsMax?: number;
  /** Their bytes; one item is let through when nothing waits. @defaultValue 32 MiB */
  waitingBytesMax?: number;
  /** Jobs of one partition that nobody has taken yet, at most: bounds Redis. @defaultValue 4096 */
  depthMax?: number;
}

/** What is published. Sequences rise per source and partition. */
export type Outgoing = Omit<Item, 'previous'>;

interface Lane {
  partition: Partition;
  outlet: JobOutlet;
  waiting: Outgoing[];
  /** The sequence that reached Redis last, by source. */
  readonly previous: Map<string, number>;
  jobs: number;
  isSending: boolean;
}

const JOB_ITEMS_MAX = 32;
const JOB_BYTES_MAX = 1024 * 1024;
/** The depth is looked at once in so many jobs: it may be passed by as many per publisher. */
const DEPTH_EVERY_JOBS = 16;
const DEPTH_WAIT_MS = 100;
const RETRY_MS = 250;

export class Publisher {
  readonly #options: PublisherOptions;
  readonly #lanes: Lane[];
  #waitingItems = 0;
  #waitingBytes = 0;
  #roomWaiters: (() => void)[] = [];
  #idleWaiters: (() => void)[] = [];
  #isClosed = false;
  readonly #counters = { items: 0, bytes: 0, jobs: 0, errors: 0, held_back_ms: 0 };

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#lanes = options.partitions.map((partition) => {
      const outlet = new JobOutlet(options.client, partition, options.keepMs);
      const fresh = { waiting: [], previous: new Map(), jobs: 0, isSending: false };
      return { partition, outlet, ...fresh };
    });
  }

  /** Whether `publish` would resolve at once. */
  get hasRoom(): boolean {
    const { waitingItemsMax = 1024, waitingBytesMax = 32 * 1024 * 1024 } = this.#options;
    if (this.#waitingItems === 0) return true;
    return this.#waitingItems < waitingItemsMax && this.#waitingBytes < waitingBytesMax;
  }

  /**
   * Takes an item for the partition at `index`; resolves when there is room for the next.
   * @throws PicketError `transport-closed` after `close`.
   */
  async publish(index: number, item: Outgoing): Promise<void> {
    if (this.#isClosed)
      throw new PicketError('transport-closed', 'The transport is closed: nothing was accepted.');
    const lane = this.#lanes[index];
    lane.waiting.push(item);
    this.#waitingItems++;
    this.#waitingBytes += item.bytes.byteLength;
    if (!lane.isSending) void this.#send(lane);
    while (!this.hasRoom && !this.#isClosed)
      await new Promise<void>((resolve) => this.#roomWaiters.push(resolve));
  }

  /** Resolves when everything accepted so far is in Redis. */
  async drain(): Promise<void> {
    while (this.#waitingItems > 0 && !this.#isClosed)
      await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
  }

  /** Ends, and returns what may not be in Redis yet, oldest first per partition, by index. */
  close(): { index: number; item: Outgoing }[] {
    this.#isClosed = true;
    this.#wake();
    for (const { outlet } of this.#lanes) void outlet.close().catch(() => {});
    return this.#lanes.flatMap(({ waiting }, index) => waiting.map((item) => ({ index, item })));
  }

  stats() {
    return { ...this.#counters, waiting: this.#waitingItems };
  }

  async #send(lane: Lane): Promise<void> {
    lane.isSending = true;
    // What is published in this turn of the event loop travels together.
    await new Promise(setImmediate);
    while (lane.waiting.length > 0 && !this.#isClosed) {
      const items = this.#nextItems(lane);
      if (!(await this.#add(lane, items))) break;
      const size = items.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
      lane.waiting.splice(0, items.length);
      const { source, sequence } = items[items.length - 1];
      lane.previous.set(source, sequence);
      this.#waitingItems -= items.length;
      this.#waitingBytes -= size;
      this.#counters.items += items.length;
      this.#counters.bytes += size;
      this.#wake();
      await this.#holdBack(lane);
    }
    lane.isSending = false;
  }

  /** The next items of one source. */
  #nextItems({ waiting, previous }: Lane): Item[] {
    const [{ source }] = waiting;
    const items: Item[] = [];
    let size = 0;
    // Of a source that is new here the first item is taken to follow on what came before it.
    let before = previous.get(source) ?? waiting[0].sequence - 1;
    for (const item of waiting) {
      const isFull = items.length === JOB_ITEMS_MAX || size + item.bytes.length > JOB_BYTES_MAX;
      if (item.source !== source || (items.length > 0 && isFull)) break;
      items.push({ ...item, previous: before });
      before = item.sequence;
      size += item.bytes.byteLength;
    }
    return items;
  }

  /** Until it is in Redis: an error is a server that answers but cannot (loading, full). */
  async #add(lane: Lane, items: Item[]): Promise<boolean> {
    const message = writeMessage(items[0].source, items);
    while (!this.#isClosed) {
      try {
        await lane.outlet.add('items', message);
        this.#counters.jobs++;
        return true;
      } catch {
        this.#counters.errors++;
        await pause(RETRY_MS);
      }
    }
    return false;
  }

  /** Nobody consumes: what is published waits here instead of filling Redis. */
  async #holdBack(lane: Lane): Promise<void> {
    lane.jobs++;
    if (lane.jobs % DEPTH_EVERY_JOBS !== 0) return;
    const { depthMax = 4096 } = this.#options;
    while (!this.#isClosed) {
      const depth = await lane.outlet.waitingCount().catch(() => 0);
      if (depth <= depthMax) return;
      await pause(DEPTH_WAIT_MS);
      this.#counters.held_back_ms += DEPTH_WAIT_MS;
    }
  }

  #wake(): void {
    if (this.hasRoom || this.#isClosed) for (const wake of this.#roomWaiters.splice(0)) wake();
    if (this.#waitingItems === 0 || this.#isClosed)
      for (const wake of this.#idleWaiters.splice(0)) wake();
  }
}
