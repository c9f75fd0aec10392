/** The judging part of a worker: batches of its shards in, outcomes to the correlator's queue. */
import { DetectorSet } from '../detect/detector-set.js';
import type { DetectOptions } from '../detect/options.js';
import { openBatch, ShardDetector } from '../detect/shard-detector.js';
import { detectOptions } from '../pipeline-options.js';
import { PicketError } from '../shared/errors.js';
import type { ShardOutcome } from '../transport/contract.js';
import type { Partition } from '../transport/bullmq/keys.js';
import type { Item } from '../transport/bullmq/message.js';
import type { Workings } from '../transport/bullmq/partition-consumer.js';
import {
  OutcomeQueue,
  type ShardMachine,
  shardWorkings,
} from '../transport/bullmq/shard-workings.js';
import type { Fleet } from './fleet.js';

export class ShardRole {
  readonly #options: DetectOptions;
  readonly #detectors: DetectorSet;
  readonly #outcomes: OutcomeQueue;
  /** Packet time judged, microseconds, by shard that was ever served here. */
  readonly #watermarks = new Map<string, number>();

  constructor(fleet: Fleet) {
    this.#options = detectOptions(fleet.config);
    this.#detectors = new DetectorSet(this.#options);
    this.#outcomes = new OutcomeQueue(fleet.client, fleet.keys, fleet.times.keepMs);
  }

  workingsOf({ id }: Partition): Workings<ShardOutcome> {
    return shardWorkings(id, this.#outcomes, (snapshot) => this.#open(id, snapshot));
  }

  /** `lag_s` of the shard most behind among those held, rounded, for `picket status`. */
  stats(holds: readonly string[]): Record<string, number> {
    const lags = Object.values(this.lags(holds));
    return lags.length === 0 ? {} : { lag_s: Math.round(Math.max(...lags)) };
  }

  /**
   * How far each shard held lags the clock in packet time, seconds, as `lag_s.SHARD`; only live
   * does it mean lag. What a shard handed back had reached here says nothing.
   */
  lags(holds: readonly string[]): Record<string, number> {
    const lags: Record<string, number> = {};
    for (const id of holds) {
      const judgedUs = this.#watermarks.get(id) ?? 0;
      if (judgedUs > 0) lags[`lag_s.${id}`] = Math.max(0, Date.now() / 1000 - judgedUs / 1e6);
    }
    return lags;
  }

  async close(): Promise<void> {
    await this.#outcomes.close();
  }

  #open(id: string, snapshot: Uint8Array | null): ShardMachine {
    const detector = new ShardDetector(Number(id), this.#detectors, this.#options, snapshot);
    return {
      apply: (item) => {
        const outcome = this.#judge(detector, item);
        this.#watermarks.set(id, outcome.watermarkUs);
        return outcome;
      },
      snapshot: () => detector.snapshot(),
    };
  }

  #judge(detector: ShardDetector, { kind, source, bytes }: Item): ShardOutcome {
    if (kind === 'end') return detector.endOf(source);
    if (kind === 'leave') return detector.leaveOf(source);
    const batch = openBatch(bytes);
    if (batch.sensor !== source)
      throw new PicketError('batch-invalid', 'a batch of another sensor than it was published by');
    if (batch.shardCount !== this.#options.shardCount)
      throw new PicketError(
        'batch-invalid',
        `a batch of a deployment of ${batch.shardCount} shards`,
      );
    return detector.judge(batch);
  }
}
