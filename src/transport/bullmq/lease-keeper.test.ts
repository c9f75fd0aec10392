/** What becomes of a lease that is lost at an odd moment. */
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { redisInTests } from '../../../test/support/redis-in-tests.js';
import { redisMissing, redisNote } from '../../../test/support/redis-server.js';
import { Keys } from './keys.js';
import { DEFAULT_TIMES, LeaseKeeper } from './lease-keeper.js';

describe.skipIf(redisMissing)(`a lease${redisNote}`, () => {
  const redis = redisInTests();
  const keys = new Keys('keeper');

  it('lost while its work begins ends that work as soon as it has begun', async () => {
    const { client } = redis;
    const partition = keys.shard(0);
    await client.hset(partition.lease, 'owner', 'somebody else');
    let start = (): void => {};
    const started = new Promise<void>((resolve) => {
      start = resolve;
    });
    const begun: string[] = [];
    const troubles: string[] = [];
    const keeper = new LeaseKeeper({
      ...{ client, keys, id: 'keeper', role: 'worker', partitions: [partition] },
      times: { ...DEFAULT_TIMES, leaseMs: 200 },
      begin: async () => {
        begun.push('begins');
        await started;
        begun.push('begun');
        return { stop: async () => {}, abandon: async () => void begun.push('abandoned') };
      },
      onTrouble: (reason) => troubles.push(reason),
    });
    await keeper.start();
    await client.del(partition.lease);
    while (begun.length === 0) await pause(5);
    await client.multi().del(partition.lease).hset(partition.lease, 'owner', 'another').exec();
    while (!troubles.some((reason) => reason.includes('lost'))) await pause(5);
    start();
    while (begun.length < 3) await pause(5);
    expect(begun).toEqual(['begins', 'begun', 'abandoned']);
    expect(keeper.holds).toEqual([]);
    await keeper.stop();
  });

  it('gone when it is to be handed back is told as lost', async () => {
    const { client } = redis;
    const partition = keys.shard(1);
    const troubles: string[] = [];
    const keeper = new LeaseKeeper({
      ...{ client, keys, id: 'keeper', role: 'worker', partitions: [partition] },
      begin: async () => ({ stop: async () => {}, abandon: async () => {} }),
      onTrouble: (reason) => troubles.push(reason),
    });
    await keeper.start();
    expect(keeper.holds).toEqual(['1']);
    await client.multi().del(partition.lease).hset(partition.lease, 'owner', 'another').exec();
    await keeper.stop();
    expect(keeper.stats()).toEqual({
      ...{ leases_held: 0, leases_taken: 1, leases_lost: 1, leases_handed_back: 0 },
    });
    expect(troubles).toEqual(['lease of 1 lost: expired before it was handed back']);
    expect(await client.hget(partition.lease, 'owner')).toBe('another');
  });
});
