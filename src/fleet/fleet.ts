/** What every process of a fleet has: its connection, the names of keys, and what all agree on. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { LAYOUT_VERSION } from '../../packages/plugin-api/src/index.js';
import type { PicketConfig } from '../config/schema.js';
import { Allowlist } from '../shared/allowlist.js';
import { PicketError } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';
import { Keys, type Partition } from '../transport/bullmq/keys.js';
import type { LeaseTimes } from '../transport/bullmq/lease-scripts.js';
import { forgetMember, noteMember, type Role } from '../transport/bullmq/members.js';
import { closeRedis, openRedis, type RedisClient } from '../transport/bullmq/redis.js';
import type { RedisTarget } from '../transport/bullmq/redis-url.js';

/** How long a command waits for Redis before it says that it does not answer. */
const FIRST_ANSWER_MS_MAX = 10_000;
/** The same trouble is logged once in this time. */
const TROUBLE_EVERY_MS = 30_000;
const ANNOUNCE_MS = 1_000;

export class Fleet {
  readonly client: RedisClient;
  readonly keys: Keys;
  /** Of this process, unique: `host:pid:random`. */
  readonly id = `${hostname()}:${process.pid}:${randomBytes(3).toString('hex')}`;
  /** Of the configuration, until it is read again. */
  readonly allowlist: Allowlist;
  readonly #troubles = new Map<string, number>();
  #lastTrouble = '';

  constructor(
    readonly config: PicketConfig,
    readonly target: RedisTarget,
    readonly log: Logger,
  ) {
    this.allowlist = new Allowlist(config.allowlist);
    this.keys = new Keys(config.redis.namespace);
    this.client = openRedis(target, (reason) => {
      this.#lastTrouble = reason;
      this.trouble(reason);
    });
  }

  get shards(): Partition[] {
    return Array.from({ length: this.config.shards }, (_, shard) => this.keys.shard(shard));
  }

  get times(): LeaseTimes {
    const { lease_ms: leaseMs, keep_h: keepHours } = this.config.redis;
    return { leaseMs, keepMs: keepHours * 3_600_000 };
  }

  /** What all processes of a deployment agree on. */
  get #kind(): Record<string, string> {
    return { shards: String(this.config.shards), layout: String(LAYOUT_VERSION) };
  }

  /**
   * Resolves when Redis answers and the deployment is of our kind; the first process to come says
   * what kind that is.
   * @throws PicketError `redis-unavailable`, `redis-refused`, `fleet-mismatch`.
   */
  async join(): Promise<void> {
    const key = this.keys.deployment;
    for (const [name, value] of Object.entries(this.#kind))
      await this.answer(this.client.hsetnx(key, name, value));
    await this.answer(this.client.pexpire(key, this.times.keepMs));
    await this.visit();
  }

  /** As `join`, for who only looks: writes nothing, and what is not there yet is of any kind. */
  async visit(): Promise<void> {
    const theirs = await this.answer(this.client.hgetall(this.keys.deployment));
    for (const [name, value] of Object.entries(this.#kind)) {
      if (theirs[name] === undefined || theirs[name] === value) continue;
      throw new PicketError(
        'fleet-mismatch',
        `This deployment has ${name} ${theirs[name]}, this process ${value}. All processes of a ` +
          `deployment must agree; another redis.namespace is another deployment.`,
      );
    }
  }

  /**
   * As `join`, for a sensor that captures whether or not Redis answers: tries for ever.
   * @throws PicketError `redis-refused`, `fleet-mismatch`.
   */
  async joinEventually(): Promise<void> {
    for (;;) {
      try {
        return await this.join();
      } catch (error) {
        if (!(error instanceof PicketError) || error.code !== 'redis-unavailable') throw error;
        this.trouble(error.message);
      }
    }
  }

  /**
   * Says every second that this process lives, and how it does; returns how to end that, and to be
   * forgotten at once.
   */
  announce(role: Role, stats: () => Record<string, number>): () => Promise<void> {
    const liveMs = 5 * ANNOUNCE_MS;
    let isUnderWay = false;
    const say = async (): Promise<void> => {
      if (isUnderWay || this.client.status !== 'ready') return;
      isUnderWay = true;
      const about = { host: hostname(), pid: process.pid, sensor: this.config.sensor };
      const note = { ...about, role, partitions: [], stats: stats() };
      await noteMember(this.client, this.keys, this.id, note, liveMs).catch(() => {});
      isUnderWay = false;
    };
    const timer = setInterval(() => void say(), ANNOUNCE_MS);
    return async () => {
      clearInterval(timer);
      if (this.client.status !== 'ready') return;
      const forgotten = forgetMember(this.client, this.keys, this.id).catch(() => {});
      await Promise.race([forgotten, pause(ANNOUNCE_MS, undefined, { ref: false })]);
    };
  }

  /** Section `redis` of the metrics. */
  connection(): Record<string, number> {
    return { connected: this.client.status === 'ready' ? 1 : 0 };
  }

  /** Logs it, but not again and again. */
  trouble(reason: string): void {
    const nowMs = performance.now();
    if (nowMs - (this.#troubles.get(reason) ?? Number.NEGATIVE_INFINITY) < TROUBLE_EVERY_MS) return;
    if (this.#troubles.size > 100) this.#troubles.clear();
    this.#troubles.set(reason, nowMs);
    this.log.warn({ redis: this.target.label }, reason);
  }

  close(): void {
    closeRedis(this.client);
  }

  /**
   * What Redis answers, within a bound.
   * @throws PicketError `redis-unavailable`, `redis-refused`.
   */
  async answer<T>(answer: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(this.#silence()), FIRST_ANSWER_MS_MAX);
    });
    try {
      return await Promise.race([answer, late]);
    } catch (error) {
      if (error instanceof PicketError) throw error;
      // Not the error itself: it carries the command, and that of logging in has the password.
      const reason = error instanceof Error ? error.message : String(error);
      throw new PicketError(
        'redis-refused',
        `Redis at ${this.target.label} refuses: ${reason}. Look at the user, the password and ` +
          'the rights of that user (ACL).',
      );
    } finally {
      clearTimeout(timer);
    }
  }

  #silence(): PicketError {
    const why = this.#lastTrouble === '' ? '' : ` (${this.#lastTrouble})`;
    const say = `Redis at ${this.target.label} does not answer${why}`;
    return new PicketError('redis-unavailable', `${say}: does it run, is the URL right?`);
  }
}
