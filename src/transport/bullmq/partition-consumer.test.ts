/** How a backlog is worked off. The promises of the transport are in conformance.test.ts. */
import { describe, expect, it } from 'vitest';
import { redisInTests } from '../../../test/support/redis-in-tests.js';
import { redisMissing, redisNote } from '../../../test/support/redis-server.js';
import { Keys } from './keys.js';
import { DEFAULT_TIMES } from './lease-keeper.js';
import { PartitionHost } from './partition-host.js';
import { Publisher } from './publisher.js';

const ITEMS = 1_000;
/** A group ends with the job that fills it. */
const GROUP_ITEMS_MAX = 128 + 32;

describe.skipIf(redisMissing)(`a backlog${redisNote}`, () => {
  const redis = redisInTests();
  const keys = new Keys('backlog');

  it('is handed on in pieces, in order, each after its commit', async () => {
    const { client } = redis;
    const partition = keys.shard(0);
    const publisher = new Publisher({ client, partitions: [partition], ...DEFAULT_TIMES });
    for (let sequence = 0; sequence < ITEMS; sequence++) {
      const bytes = Uint8Array.of(sequence >> 8, sequence & 255);
      await publisher.publish(0, { source: 's', kind: 'data', sequence, bytes });
    }
    await publisher.drain();
    const pieces: number[][] = [];
    const host = new PartitionHost({
      ...{ client, keys, id: 'worker', role: 'worker', partitions: [partition] },
      workingsOf: () => ({
        open: () => ({
          apply: ({ bytes }) => bytes[0] * 256 + bytes[1],
          snapshot: () => new Uint8Array(),
        }),
        handOn: async (effects) => {
          expect(await client.llen(partition.journal)).toBeGreaterThan(pieces.flat().length);
          pieces.push(effects.map(({ value }) => Number(value)));
        },
      }),
    });
    await host.start();
    while (pieces.flat().length < ITEMS) await new Promise((resolve) => setTimeout(resolve, 5));
    await host.stop();
    publisher.close();
    expect(pieces.flat()).toEqual(Array.from({ length: ITEMS }, (_, index) => index));
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(GROUP_ITEMS_MAX);
    expect(host.stats().groups).toBe(pieces.length);
  });

  it('goes on over a job that has expired, and says so', async () => {
    const { client } = redis;
    const partition = keys.shard(1);
    const publisher = new Publisher({ client, partitions: [partition], ...DEFAULT_TIMES });
    for (let sequence = 0; sequence < 3; sequence++) {
      await publisher.publish(0, { source: 's', kind: 'data', sequence, bytes: Uint8Array.of(7) });
      await publisher.drain();
    }
    const wait = `${partition.prefix}:${partition.queue}:wait`;
    const [, second] = await client.lrange(wait, 0, -1);
    expect(await client.del(`${partition.prefix}:${partition.queue}:${second}`)).toBe(1);
    let items = 0;
    const host = new PartitionHost({
      ...{ client, keys, id: 'worker', role: 'worker', partitions: [partition] },
      workingsOf: () => ({
        open: () => ({ apply: () => ++items, snapshot: () => new Uint8Array() }),
        handOn: async () => {},
      }),
    });
    await host.start();
    while (items < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    await host.stop();
    publisher.close();
    expect(host.stats()).toMatchObject({ items: 2, gaps: 1, 'rejected.undecodable': 1 });
    expect(await client.llen(wait)).toBe(0);
  }, 30_000);
});
