/** What cannot be judged is kept for people: with its reason, and not for ever. */
import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redisInTests } from '../../../test/support/redis-in-tests.js';
import { redisMissing, redisNote } from '../../../test/support/redis-server.js';
import { DeadLetters } from './dead-letters.js';
import { Keys } from './keys.js';
import type { Item } from './message.js';

const KEEP_MS = 60_000;
const LETTERS_MAX = 1_000;

describe.skipIf(redisMissing)(`dead letters${redisNote}`, () => {
  const redis = redisInTests();
  const keys = new Keys('dead-letters');
  let queue: Queue;
  let letters: DeadLetters;

  beforeAll(() => {
    const { client } = redis;
    const { queue: name, prefix } = keys.deadLetters;
    queue = new Queue(name, { prefix, connection: client });
    letters = new DeadLetters(client, keys, KEEP_MS);
  });
  afterAll(async () => {
    await letters.close();
    await queue.close();
  });

  const batch = (size: number, sequence: number): Item => {
    const bytes = new Uint8Array(size).fill(7);
    return { source: 'edge-1', kind: 'data', sequence, previous: sequence - 1, bytes };
  };

  it('say whose batch it was, what was wrong with it, and how it begins', async () => {
    await letters.bury('3', 'batch-invalid', 'layout 9, not 4', batch(20_000, 42));
    const [{ name, data }] = await queue.getWaiting();
    expect(name).toBe('batch-invalid');
    expect(data).toMatchObject({
      partition: '3',
      reason: 'batch-invalid',
      text: 'layout 9, not 4',
    });
    expect(data).toMatchObject({ source: 'edge-1', sequence: 42, size: 20_000 });
    expect(Buffer.from(data.bytes, 'base64')).toEqual(Buffer.alloc(16_384, 7));
  });

  it('keep the last thousand, and none for ever', async () => {
    for (let sequence = 0; sequence < LETTERS_MAX + 20; sequence++)
      await letters.bury('0', 'batch-invalid', 'x'.repeat(900), batch(8, sequence));
    const kept = await queue.getWaiting();
    expect(kept).toHaveLength(LETTERS_MAX);
    const sequences = kept.map(({ data }) => data.sequence).sort((a, b) => a - b);
    expect(sequences).toEqual(Array.from({ length: LETTERS_MAX }, (_, index) => index + 20));
    expect(kept[0].data.text).toHaveLength(500);
    const all = await redis.client.keys('*');
    const expiries = await Promise.all(all.map((key) => redis.client.pttl(key)));
    expect(all.filter((_, index) => expiries[index] < 0)).toEqual([]);
    expect(Math.max(...expiries)).toBeLessThanOrEqual(KEEP_MS);
  });
});
