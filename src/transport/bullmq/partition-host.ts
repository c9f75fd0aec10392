/** A process's part of the fleet: its leases, a consumer for each, and their counters together. */
import { DeadLetters } from './dead-letters.js';
import type { Keys, Partition } from './keys.js';
import { DEFAULT_TIMES, type KeeperOptions, LeaseKeeper, type Tenure } from './lease-keeper.js';
import type { Held } from './lease-scripts.js';
import { type ConsumerStats, PartitionConsumer, type Workings } from './partition-consumer.js';
import type { RedisClient } from './redis.js';

export interface HostOptions
  extends Pick<
    KeeperOptions,
    'id' | 'role' | 'sensor' | 'partitions' | 'times' | 'onTrouble' | 'stats'
  > {
  client: RedisClient;
  keys: Keys;
  workingsOf(partition: Partition): Workings<unknown>;
  groupJobsMax?: number;
}

/** Counters of what cannot be judged, before anything was: metrics must show where they begin. */
export const REJECTED_NONE: Readonly<Record<string, number>> = {
  'rejected.undecodable': 0,
  'rejected.batch-invalid': 0,
};

export class PartitionHost {
  readonly #options: HostOptions;
  readonly #keeper: LeaseKeeper;
  readonly #deadLetters: DeadLetters;
  readonly #consumers = new Map<string, PartitionConsumer<unknown>>();
  /** Of the consumers that have ended. */
  readonly #past: ConsumerStats[] = [];

  constructor(options: HostOptions) {
    this.#options = options;
    const { keepMs } = { ...DEFAULT_TIMES, ...options.times };
    this.#deadLetters = new DeadLetters(options.client, options.keys, keepMs);
    this.#keeper = new LeaseKeeper({
      ...options,
      begin: (held, lost) => this.#begin(held, lost),
      stats: () => ({ ...options.stats?.(), ...this.stats() }),
    });
  }

  /** Resolves once what is free now has been taken. */
  async start(): Promise<void> {
    await this.#keeper.start();
  }

  /** Partition ids held now. */
  get holds(): string[] {
    return this.#keeper.holds;
  }

  /** Hands everything back: committed, checkpointed, released. */
  async stop(): Promise<void> {
    await this.#keeper.stop();
    await this.#deadLetters.close();
  }

  /** Ends without Redis, for when it does not answer; the leases expire. */
  async abandon(): Promise<void> {
    await this.#keeper.abandon();
  }

  /** Cumulative; flat, for `stats`. */
  stats(): Record<string, number> {
    const total: Record<string, number> = { ...this.#keeper.stats() };
    const add = (name: string, value: number): void => {
      total[name] = (total[name] ?? 0) + value;
    };
    for (const { rejected, ...counters } of [...this.#past, ...this.#present()]) {
      for (const [name, value] of Object.entries(counters)) add(snake(name), value);
      for (const [reason, value] of Object.entries(rejected)) add(`rejected.${reason}`, value);
    }
    return total;
  }

  #present(): ConsumerStats[] {
    return [...this.#consumers.values()].map((consumer) => consumer.stats());
  }

  async #begin(held: Held, lost: (reason: unknown) => void): Promise<Tenure> {
    const { workingsOf, groupJobsMax } = this.#options;
    const consumer = new PartitionConsumer({
      held,
      workings: workingsOf(held.partition),
      deadLetters: this.#deadLetters,
      onLost: lost,
      ...(groupJobsMax !== undefined && { groupJobsMax }),
    });
    await consumer.start();
    const { id } = held.partition;
    this.#consumers.set(id, consumer);
    const end = async (how: 'stop' | 'abandon'): Promise<void> => {
      await consumer[how]();
      if (this.#consumers.get(id) === consumer) this.#consumers.delete(id);
      // A level of what is held: whoever holds it next says it.
      this.#retire({ ...consumer.stats(), checkpointBytes: 0 });
    };
    return { stop: () => end('stop'), abandon: () => end('abandon') };
  }

  /** Counters of ended consumers are kept as one sum. */
  #retire(stats: ConsumerStats): void {
    const [past = stats] = this.#past;
    if (past === stats) {
      this.#past.push(stats);
      return;
    }
    for (const [name, value] of Object.entries(stats)) {
      if (typeof value === 'number') (past as unknown as Record<string, number>)[name] += value;
    }
    for (const [reason, value] of Object.entries(stats.rejected))
      past.rejected[reason] = (past.rejected[reason] ?? 0) + value;
  }
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
