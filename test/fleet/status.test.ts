/** `picket status` looks at a deployment and leaves nothing there. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRedis } from '../../src/transport/bullmq/redis.js';
import { parseRedisUrl } from '../../src/transport/bullmq/redis-url.js';
import { FleetProcesses } from '../support/fleet-processes.js';
import { RedisServer, redisMissing, redisNote } from '../support/redis-server.js';
import { scratchFolder } from '../support/scratch.js';

const folder = scratchFolder();

describe.skipIf(redisMissing)(`picket status${redisNote}`, () => {
  const redis = new RedisServer();
  let fleet: FleetProcesses;

  beforeAll(async () => {
    await redis.start();
    fleet = new FleetProcesses(redis.url, folder, '198.51.100.0/24', 'shards: 4');
  });
  afterAll(async () => {
    await fleet?.end();
    await redis.close();
  });

  it('of a namespace that nobody uses says so, and does not settle what kind it is', async () => {
    let page = '';
    const status = fleet.start(['status'], (text) => {
      page += text;
    });
    expect(await status.exited).toBe(0);
    expect(page).toContain('No process is running.');
    const client = openRedis(parseRedisUrl(redis.url), () => {});
    expect(await client.dbsize()).toBe(0);
    client.disconnect();
  });
});
