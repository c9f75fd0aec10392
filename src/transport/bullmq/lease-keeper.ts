/**
 * Holds leases for one process: says that it lives, looks at who holds what, takes what the plan
 * gives it, hands back what the plan gives to others, and renews the rest, once a second.
 */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Keys, Partition } from './keys.js';
import { planLeases } from './lease-plan.js';
import {
  acquireLease,
  Held,
  type LeaseTimes,
  ownerOf,
  releaseLease,
  renewLease,
} from './lease-scripts.js';
import { forgetMember, noteMember, type Role } from './members.js';
import type { RedisClient } from './redis.js';

/** What is done with a partition while its lease is held. */
export interface Tenure {
  /** Commits and ends; the lease is still held. */
  stop(): Promise<void>;
  /** Ends at once: the lease is lost. */
  abandon(): Promise<void>;
}

export interface KeeperOptions {
  client: RedisClient;
  keys: Keys;
  /** Unique in the fleet. */
  id: string;
  role: Role;
  /** Name of the sensor in this process, if there is one. */
  sensor?: string;
  partitions: readonly Partition[];
  times?: Partial<LeaseTimes>;
  /** Begins work on a partition. `lost` is to be called when its lease turns out to be gone. */
  begin(held: Held, lost: (reason: unknown) => void): Promise<Tenure>;
  stats?(): Record<string, number>;
  onTrouble?(reason: string): void;
}

export const DEFAULT_TIMES: LeaseTimes = { leaseMs: 5_000, keepMs: 7 * 24 * 3600 * 1000 };
const TICK_MS = 1_000;

interface Holding {
  held: Held;
  tenure: Tenure | null;
}

export class LeaseKeeper {
  readonly #options: KeeperOptions;
  readonly #times: LeaseTimes;
  readonly #holdings = new Map<string, Holding>();
  #timer: NodeJS.Timeout | null = null;
  #ticking: Promise<void> = Promise.resolve();
  #isStopping = false;
  readonly #counters = { leases_taken: 0, leases_lost: 0, leases_handed_back: 0 };

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#times = { ...DEFAULT_TIMES, ...options.times };
  }

  /** Resolves after the first look. */
  async start(): Promise<void> {
    const tickMs = Math.min(TICK_MS, this.#times.leaseMs / 4);
    await this.#tick();
    // With Redis away a tick waits, and the leases expire meanwhile.
    const again = (): void => {
      if (this.#isStopping) return;
      this.#timer = setTimeout(() => {
        this.#ticking = this.#tickWithin(2 * this.#times.leaseMs).finally(again);
      }, tickMs);
    };
    again();
  }

  /** Partition ids held now. */
  get holds(): string[] {
    return [...this.#holdings.keys()];
  }

  /** Hands everything back. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#ticking;
    await Promise.all([...this.#holdings.keys()].map((id) => this.#handBack(id)));
    const { client, keys, id } = this.#options;
    await forgetMember(client, keys, id).catch(() => {});
  }

  /** Ends without a word to Redis, as a crash would: for when Redis is gone. */
  async abandon(): Promise<void> {
    this.#isStopping = true;
    if (this.#timer) clearTimeout(this.#timer);
    for (const id of [...this.#holdings.keys()]) await this.#lose(id, 'abandoned');
  }

  stats(): Record<string, number> {
    return { ...this.#counters, leases_held: this.#holdings.size };
  }

  /** A command whose answer was lost must not end all ticking: the next one finds what is so. */
  async #tickWithin(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.#options.onTrouble?.('Redis did not answer in time');
        resolve();
      }, ms);
    });
    await Promise.race([this.#tick(), late]);
    clearTimeout(timer);
  }

  async #tick(): Promise<void> {
    try {
      await this.#renew();
      const plan = await this.#plan();
      const { id: self, partitions } = this.#options;
      const excess = [...this.#holdings.keys()].filter((id) => (plan.get(id) ?? self) !== self);
      await Promise.all(excess.map((id) => this.#handBack(id)));
      const wanted = partitions.filter(
        ({ id }) => plan.get(id) === self && !this.#holdings.has(id) && !this.#isStopping,
      );
      await Promise.all(wanted.map((partition) => this.#take(partition)));
    } catch (error) {
      this.#options.onTrouble?.(error instanceof Error ? error.message : String(error));
    }
  }

  async #renew(): Promise<void> {
    const { client } = this.#options;
    const renewed = [...this.#holdings].map(async ([id, { held }]) => {
      if (!(await renewLease(client, held.partition, held.token, this.#times)))
        await this.#lose(id, 'expired');
    });
    await Promise.all(renewed);
  }

  async #plan(): Promise<Map<string, string>> {
    const { client, keys, id, role, sensor, partitions, stats } = this.#options;
    const note = {
      role,
      partitions: partitions.map((partition) => partition.id),
      host: hostname(),
      pid: process.pid,
      ...(sensor !== undefined && { sensor }),
      stats: { ...stats?.(), ...this.stats() },
    };
    const members = await noteMember(client, keys, id, note, this.#times.leaseMs);
    const owners = await Promise.all(
      partitions.map(async (one) => [one.id, await ownerOf(client, one)] as const),
    );
    return planLeases(members, new Map(owners));
  }

  async #take(partition: Partition): Promise<void> {
    const { client, id, begin } = this.#options;
    const nonce = randomBytes(9).toString('base64url');
    const token = await acquireLease(client, partition, id, nonce, this.#times);
    if (token === null) return;
    const held = new Held(client, partition, token, this.#times.keepMs);
    const holding: Holding = { held, tenure: null };
    this.#holdings.set(partition.id, holding);
    this.#counters.leases_taken++;
    const lost = (reason: unknown): void => {
      if (this.#holdings.get(partition.id) === holding) void this.#lose(partition.id, reason);
    };
    try {
      const tenure = await begin(held, lost);
      if (this.#holdings.get(partition.id) === holding) holding.tenure = tenure;
      // Lost while it began, which nobody could end then.
      else await tenure.abandon();
    } catch (error) {
      await this.#lose(partition.id, error);
      await releaseLease(client, partition, token);
    }
  }

  async #handBack(id: string): Promise<void> {
    const holding = this.#holdings.get(id);
    if (!holding) return;
    await holding.tenure?.stop();
    // Its work may have found it lost, and said so.
    if (this.#holdings.get(id) !== holding) return;
    this.#holdings.delete(id);
    const { partition, token } = holding.held;
    if (await releaseLease(this.#options.client, partition, token))
      this.#counters.leases_handed_back++;
    else this.#noteLost(id, 'expired before it was handed back');
  }

  async #lose(id: string, reason: unknown): Promise<void> {
    const holding = this.#holdings.get(id);
    if (!holding) return;
    this.#holdings.delete(id);
    this.#noteLost(id, reason);
    await holding.tenure?.abandon();
  }

  #noteLost(id: string, reason: unknown): void {
    this.#counters.leases_lost++;
    const why = reason instanceof Error ? reason.message : String(reason);
    this.#options.onTrouble?.(`lease of ${id} lost: ${why}`);
  }
}
