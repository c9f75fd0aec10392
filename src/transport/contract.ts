/**
 * How batches get from the observers to the detection workers. Two implementations: `embedded.ts`
 * (worker threads, no server) and later BullMQ; testkit/conformance.ts is the suite both must pass.
 *
 * Guarantees: at least once; in order per (sensor, shard); bounded; closing while busy loses
 * nothing that `publish` accepted. Not promised: order between shards, exactly-once (merging is
 * idempotent by sensor, shard and sequence, so it is not needed).
 */
export interface Transport {
  readonly shardCount: number;
  /**
   * Hands over one encoded batch (packages/plugin-api/src/batch.ts). The bytes belong to the
   * transport afterwards and may be detached. Resolves when there is room for the next one:
   * awaiting it is the back-pressure. Rejects with PicketError `transport-closed` after `close`.
   */
  publish(shard: number, batch: Uint8Array): Promise<void>;
  /**
   * Starts consuming. May be called once; `onOutcome` receives what the workers judged, in order
   * per shard.
   */
  start(onOutcome: (outcome: ShardOutcome) => void): Promise<void>;
  /** Resolves when everything published so far has been judged and reported to `onOutcome`. */
  drain(): Promise<void>;
  /** Drains and releases everything. Idempotent. */
  close(): Promise<void>;
  /** Cumulative counters for `stats`. */
  stats(): TransportStats;
}

export interface TransportStats {
  batchesPublished: number;
  bytesPublished: number;
  batchesJudged: number;
  /** Batches that could not be decoded, by reason. */
  rejected: Record<string, number>;
  /** Largest number of batches waiting at once. */
  depthMax: number;
}

/** What a worker says after one batch. */
export interface ShardOutcome {
  shard: number;
  /** Everything at or before this packet time (microseconds) has been judged for this shard. */
  watermarkUs: number;
  /** True for the last outcome after the end of input. */
  final: boolean;
  findings: import('../../packages/plugin-api/src/finding.js').Finding[];
  /** Activity of sources with a running finding, once an epoch: keeps incidents growing. */
  progress: import('../../packages/plugin-api/src/finding.js').Activity[];
  /** New contacts of the epoch that nobody served: what ties several sources to one operator. */
  suspects: import('../../packages/plugin-api/src/suspect.js').Suspect[];
  /** What came in the epoch that has ended; null when nothing to count did. */
  traffic: import('../../packages/plugin-api/src/traffic.js').Traffic | null;
  /** Loss counters of the worker's own state, cumulative. */
  losses: Record<string, number>;
}
