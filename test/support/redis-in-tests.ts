/** What tests with a Redis of their own begin and end with. */
import { afterAll, beforeAll } from 'vitest';
import { closeRedis, openRedis, type RedisClient } from '../../src/transport/bullmq/redis.js';
import { parseRedisUrl } from '../../src/transport/bullmq/redis-url.js';
import { RedisServer } from './redis-server.js';

/** A server and a client of it while the tests of a `describe` run. Call it outside of tests. */
export function redisInTests(): { readonly client: RedisClient; readonly server: RedisServer } {
  const server = new RedisServer();
  let client: RedisClient;
  beforeAll(async () => {
    await server.start();
    client = openRedis(parseRedisUrl(server.url), () => {});
  });
  afterAll(async () => {
    closeRedis(client);
    await server.close();
  });
  return {
    server,
    get client() {
      return client;
    },
  };
}
