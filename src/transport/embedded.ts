/**
 * The embedded transport: worker threads and transferred buffers, no server. Shard `s` is owned by
 * worker `s mod workers`, so a shard's batches are judged by one thread in the order published.
 *
 * Bounded by credits: at most `waitingBatchesMax` batches and about `waitingBytesMax` bytes wait at
 * a worker; `publish` resolves once its batch has a credit. Batches and outcomes cross the threads
 * in groups, since a message costs more than most epochs of a quiet shard.
 */
import { PicketError } from '../shared/errors.js';
import type { ShardOutcome, Transport, TransportStats } from './contract.js';
import { EmbeddedLane, type LaneEvents } from './embedded-lane.js';
import type { LaneThread } from './embedded-protocol.js';

export interface EmbeddedOptions {
  shardCount: number;
  /** Worker threads, 1 to `shardCount`. @defaultValue 1 */
  workers?: number;
  /** A thread whose program calls `serve` of embedded-worker.ts, or a `SameThread`. */
  openThread: (name: string) => LaneThread;
  /** Structured-cloneable; the worker reads it with `assignment()`. */
  settings: unknown;
  /** Batches at one worker that are not yet judged. @defaultValue 256: 16 epochs of 16 shards */
  waitingBatchesMax?: number;
  /**
   * Bytes of those batches. One batch above the bound is let through when nothing else waits, so
   * the peak is this plus one batch. @defaultValue 32 MiB
   */
  waitingBytesMax?: number;
}

const WAITING_BATCHES_MAX = 256;
const WAITING_BYTES_MAX = 32 * 1024 * 1024;
/**
 * Distinct rejection reasons counted apart; the rest is `other`, as reasons may echo hostile bytes.
 */
const REASONS_MAX = 32;

export class EmbeddedTransport implements Transport {
  readonly shardCount: number;
  readonly #lanes: EmbeddedLane[];
  readonly #counters: TransportStats = {
    batchesPublished: 0,
    bytesPublished: 0,
    batchesJudged: 0,
    rejected: {},
    depthMax: 0,
  };
  #onOutcome: ((outcome: ShardOutcome) => void) | null = null;
  #failure: PicketError | null = null;
  #closing: Promise<void> | null = null;
  #waiting = 0;

  constructor(options: EmbeddedOptions) {
    const { shardCount, workers = 1 } = options;
    if (!Number.isInteger(shardCount) || shardCount < 1)
      throw new RangeError(`shardCount ${shardCount}`);
    if (!Number.isInteger(workers) || workers < 1 || workers > shardCount) {
      throw new RangeError(`workers ${workers}, expected 1 to ${shardCount}`);
    }
    this.shardCount = shardCount;
    const events: LaneEvents = {
      outcome: (outcome, ofBatch) => this.#report(outcome, ofBatch),
      rejected: (reason, count) => this.#reject(reason, count),
      failed: (failure) => this.#fail(failure),
    };
    const shards = Array.from({ length: shardCount }, (_, shard) => shard);
    this.#lanes = Array.from(
      { length: workers },
      (_, index) =>
        new EmbeddedLane(
          {
            name: `picket-detect-${index}`,
            shards: shards.filter((shard) => shard % workers === index),
            openThread: options.openThread,
            settings: options.settings,
            waitingBatchesMax: options.waitingBatchesMax ?? WAITING_BATCHES_MAX,
            waitingBytesMax: options.waitingBytesMax ?? WAITING_BYTES_MAX,
          },
          events,
        ),
    );
  }

  /**
   * @throws PicketError `transport-closed` after `close`, `worker-died` when any worker has ended:
   * results would be incomplete, so nothing more is accepted.
   */
  async publish(shard: number, batch: Uint8Array): Promise<void> {
    if (this.#closing)
      throw new PicketError(
        'transport-closed',
        `Shard ${shard}: the transport is closed, the batch was not accepted.`,
      );
    if (this.#failure) throw this.#failure;
    if (!Number.isInteger(shard) || shard < 0 || shard >= this.shardCount) {
      throw new RangeError(`shard ${shard} of ${this.shardCount}`);
    }
    const size = batch.byteLength;
    await this.#lanes[shard % this.#lanes.length].push(shard, batch, () => {
      this.#counters.batchesPublished++;
      this.#counters.bytesPublished += size;
      this.#counters.depthMax = Math.max(this.#counters.depthMax, ++this.#waiting);
    });
  }

  /** @throws PicketError `worker-died` when a worker cannot load its entry file. */
  async start(onOutcome: (outcome: ShardOutcome) => void): Promise<void> {
    if (this.#onOutcome) throw new Error('start was called twice');
    if (this.#closing)
      throw new PicketError('transport-closed', 'The transport was closed before it started.');
    this.#onOutcome = onOutcome;
    await Promise.all(this.#lanes.map((lane) => lane.start()));
  }

  /** @throws PicketError `worker-died`. */
  async drain(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.drain()));
    if (this.#failure) throw this.#failure;
  }

  /**
   * Judges everything published, then ends the shards: their final outcomes are reported before
   * this resolves. In every case the threads are gone then, or about to end by themselves, and only
   * then it rejects with `worker-died` if one was lost. Batches that no worker could ever judge are
   * counted as rejected.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  stats(): TransportStats {
    return { ...this.#counters, rejected: { ...this.#counters.rejected } };
  }

  async #close(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.close()));
    if (this.#failure) throw this.#failure;
  }

  #report(outcome: ShardOutcome, ofBatch: boolean): void {
    if (ofBatch) {
      this.#waiting--;
      this.#counters.batchesJudged++;
    }
    this.#onOutcome?.(outcome);
  }

  #reject(reason: string, count: number): void {
    this.#waiting -= count;
    const rejected = this.#counters.rejected;
    const key = reason in rejected || Object.keys(rejected).length < REASONS_MAX ? reason : 'other';
    rejected[key] = (rejected[key] ?? 0) + count;
  }

  #fail(failure: PicketError): void {
    if (this.#failure) return;
    this.#failure = failure;
    for (const lane of this.#lanes) lane.abandon(failure);
  }
}
