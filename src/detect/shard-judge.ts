/** The judge of several shards, for a worker thread that owns them. */
import type { Outcome } from './shard-detector.js';
import { openBatch, ShardDetector } from './shard-detector.js';
import { DetectorSet } from './detector-set.js';
import type { DetectOptions } from './options.js';
import { PicketError } from '../shared/errors.js';

export class ShardJudge {
  readonly #detectors: Map<number, ShardDetector>;

  constructor(options: DetectOptions, shards: readonly number[]) {
    const set = new DetectorSet(options);
    this.#detectors = new Map(
      shards.map((shard) => [shard, new ShardDetector(shard, set, options)]),
    );
  }

  /** @throws PicketError `batch-invalid`, as `ShardDetector.accept`. */
  accept(bytes: Uint8Array): Outcome {
    const batch = openBatch(bytes);
    const detector = this.#detectors.get(batch.shard);
    if (detector === undefined)
      throw new PicketError('batch-invalid', `a batch of shard ${batch.shard}, which is not ours`);
    return detector.judge(batch);
  }

  /** The input has ended. One outcome per shard. */
  end(): Outcome[] {
    return [...this.#detectors.values()].map((detector) => detector.end());
  }
}

/** The judge of the shards that a thread is told to own; `settings` are `DetectOptions`. */
export function openJudge(assignment: { shards: number[]; settings: unknown }): ShardJudge {
  return new ShardJudge(assignment.settings as DetectOptions, assignment.shards);
}
