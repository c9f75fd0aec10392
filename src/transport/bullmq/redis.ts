/** Connections to Redis, and the scripts run there. The only file that makes a client. */
import { createHash } from 'node:crypto';
import { Cluster, Redis } from 'ioredis';
import type { RedisTarget } from './redis-url.js';

export type RedisClient = Redis | Cluster;

const RETRY_MS_MIN = 50;
const RETRY_MS_MAX = 1_000;
const SOCKET_TIMEOUT_MS = 12_000;

/**
 * Connects in the background and for ever again. Commands wait while Redis is away, so a caller
 * bounds what it has under way. `onTrouble` hears of every connection error, without secrets.
 */
export function openRedis(target: RedisTarget, onTrouble: (reason: string) => void): RedisClient {
  const options = optionsOf(target);
  const client =
    target.kind === 'cluster'
      ? new Cluster(target.hosts, {
          redisOptions: options,
          clusterRetryStrategy: retryMs,
          enableOfflineQueue: true,
        })
      : new Redis(options);
  client.on('error', (error: Error) => onTrouble(error.message));
  return client;
}

function optionsOf(target: RedisTarget) {
  const { kind, hosts, name, db, username, password, tls } = target;
  const [first] = hosts;
  return {
    ...(kind === 'socket' && { path: name }),
    ...(kind === 'single' && first),
    ...(kind === 'sentinel' && { sentinels: hosts, name }),
    ...(kind !== 'cluster' && { db }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls }),
    // A blocked read must not end a worker: it waits until Redis is back.
    maxRetriesPerRequest: null,
    // Else the library names itself by CLIENT SETINFO, which Redis 7.0 cannot put into an ACL.
    disableClientInfo: true,
    retryStrategy: retryMs,
    connectTimeout: 5_000,
    // Longer than BullMQ blocks (10 s): an answer that is lost must not be waited for for ever.
    socketTimeout: SOCKET_TIMEOUT_MS,
    keepAlive: 10_000,
  };
}

function retryMs(times: number): number {
  return Math.min(RETRY_MS_MIN * 2 ** Math.min(times, 10), RETRY_MS_MAX);
}

/** Ends a client without waiting for what is under way. */
export function closeRedis(client: RedisClient): void {
  client.disconnect();
}

/** A Lua script: sent once, named by its hash from then on. All its keys have one hash tag. */
export class Script {
  readonly #sha: string;

  constructor(readonly lua: string) {
    this.#sha = createHash('sha1').update(lua).digest('hex');
  }

  async run(
    client: RedisClient,
    keys: readonly string[],
    words: readonly (string | number | Buffer)[],
  ): Promise<unknown> {
    try {
      return await client.evalsha(this.#sha, keys.length, ...keys, ...words);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return await client.eval(this.lua, keys.length, ...keys, ...words);
    }
  }
}

/** The clock of Redis, milliseconds since 1970: the one that all processes share. */
export async function redisTimeMs(client: RedisClient): Promise<number> {
  const [seconds, microseconds] = await client.time();
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
}
