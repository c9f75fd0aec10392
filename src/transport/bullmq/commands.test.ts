/** Commands through a real Redis: from the sender's hand to the process and back. */
import { setTimeout as pause } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import { Queue } from 'bullmq';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { RedisServer, redisMissing, redisNote } from '../../../test/support/redis-server.js';
import { CommandInbox, type Handlers } from './command-inbox.js';
import { CommandRefused, INBOX_BOUNDS } from './command-message.js';
import { sendCommand } from './command-sender.js';
import { tidyQueue } from './queue-life.js';
import { Keys } from './keys.js';
import { closeRedis, openRedis, type RedisClient, redisTimeMs } from './redis.js';
import { parseRedisUrl } from './redis-url.js';

const anId = () => `c-${randomBytes(12).toString('base64url')}`;
const WAIT_MS = 10_000;

describe.skipIf(redisMissing)(`commands to processes${redisNote}`, () => {
  const server = new RedisServer();
  const keys = new Keys('commands');
  const inboxes: CommandInbox[] = [];
  const queues: Queue[] = [];
  let client: RedisClient;
  let reports = 0;

  beforeAll(async () => {
    await server.start();
    client = openRedis(parseRedisUrl(server.url), () => {});
  });
  afterEach(async () => {
    await Promise.all(inboxes.splice(0).map((inbox) => inbox.stop()));
    await Promise.all(queues.splice(0).map((queue) => queue.close()));
    await client.flushall();
  });
  afterAll(async () => {
    closeRedis(client);
    await server.close();
  });

  const serve = (address: string, more: Partial<Handlers> = {}, own = client): CommandInbox => {
    const handlers: Handlers = {
      report: () => ({ reports: ++reports, address }),
      watch: ({ source, forS }) => ({ source, forS }),
      dump: () => {
        throw new CommandRefused('not-here', 'This process observes nothing.');
      },
      reload: () => {
        throw new Error('broken');
      },
      ...more,
    };
    const inbox = new CommandInbox({ client: own, keys, address, handlers });
    inboxes.push(inbox);
    return inbox;
  };
  const queueOf = (address: string): Queue => {
    const { prefix, queue: name } = keys.inbox(address);
    const queue = new Queue(name, { prefix, connection: client });
    queues.push(queue);
    return queue;
  };
  const ask = (address: string, waitMs = WAIT_MS) =>
    sendCommand(client, keys, address, { verb: 'report' }, waitMs);
  const until = async (isSo: () => boolean) => {
    while (!isSo()) await pause(20);
  };

  it('are answered by the process they are for', async () => {
    const one = serve('sensor:edge-1');
    serve('sensor:edge 2{x}');
    expect(await ask('sensor:edge-1')).toMatchObject({ done: { address: 'sensor:edge-1' } });
    expect(await ask('sensor:edge 2{x}')).toMatchObject({ done: { address: 'sensor:edge 2{x}' } });
    const watch = { verb: 'watch' as const, source: '192.0.2.1', forS: 60 };
    const answer = await sendCommand(client, keys, 'sensor:edge-1', watch, WAIT_MS);
    expect(answer).toEqual({ v: 1, done: { source: '192.0.2.1', forS: 60 } });
    expect(one.stats()).toMatchObject({ received: 2, done: 2 });
  });

  it('tell why they were refused', async () => {
    const inbox = serve('sensor:edge-1');
    const dump = { verb: 'dump' as const, source: '192.0.2.1' };
    const refused = await sendCommand(client, keys, 'sensor:edge-1', dump, WAIT_MS);
    expect(refused).toMatchObject({ refused: 'not-here', text: /observes nothing/ });
    const broken = await sendCommand(client, keys, 'sensor:edge-1', { verb: 'reload' }, WAIT_MS);
    expect(broken).toMatchObject({ refused: 'failed', text: 'broken' });
    expect(inbox.stats()).toMatchObject({ 'rejected.not-here': 1, 'rejected.failed': 1, done: 0 });
  });

  it('are refused when they are garbage, and what follows is done', async () => {
    const inbox = serve('sensor:edge-1');
    const queue = queueOf('sensor:edge-1');
    await queue.add('report', { v: 1, verb: 'self-destruct' }, { jobId: anId() });
    await queue.add('report', { v: 1, deadlineMs: 1e15, verb: 'report' }, { jobId: anId() });
    await queue.add('report', { verb: 'x'.repeat(5_000) }, { jobId: anId(), removeOnComplete: 9 });
    await queue.add('report', { v: 1, verb: 'report', deadlineMs: 1 });
    expect(await ask('sensor:edge-1')).toHaveProperty('done');
    expect(inbox.stats()).toMatchObject({
      ...{ received: 5, done: 1 },
      ...{ 'rejected.malformed': 3, 'rejected.too-large': 1 },
    });
    expect(await queue.getJobCounts('completed', 'failed', 'active', 'wait')).toEqual({
      ...{ completed: 0, failed: 0, active: 0, wait: 0 },
    });
  });

  it('are given up when their job is no JSON, and block nothing', async () => {
    const inbox = serve('sensor:edge-1');
    const { prefix, queue: name } = keys.inbox('sensor:edge-1');
    const queue = queueOf('sensor:edge-1');
    const id = anId();
    await queue.pause();
    await queue.add('report', {}, { jobId: id });
    await client.hset(`${prefix}:${name}:${id}`, 'data', '{"v":');
    await queue.resume();
    expect(await ask('sensor:edge-1')).toHaveProperty('done');
    await until(() => inbox.stats()['rejected.abandoned'] > 0);
    expect(await queue.getActiveCount()).toBe(0);
    expect(await client.exists(`${prefix}:${name}:${id}`)).toBe(0);
  }, 30_000);

  it('are not done after their deadline', async () => {
    const before = reports;
    const queue = queueOf('sensor:edge-1');
    const nowMs = await redisTimeMs(client);
    const late = { v: 1, verb: 'report', deadlineMs: nowMs - 1 };
    await queue.add('report', late, { jobId: anId() });
    const inbox = serve('sensor:edge-1');
    await until(() => inbox.stats().received === 1);
    expect(inbox.stats()['rejected.late']).toBe(1);
    expect(reports).toBe(before);
  });

  it('are done once, however often they come', async () => {
    const inbox = serve('sensor:edge-1');
    const before = reports;
    const queue = queueOf('sensor:edge-1');
    const jobId = anId();
    const command = { v: 1, verb: 'report', deadlineMs: (await redisTimeMs(client)) + WAIT_MS };
    for (const count of [1, 2, 3]) {
      await queue.add('report', command, { jobId });
      await until(() => inbox.stats().received === count);
    }
    expect(reports).toBe(before + 1);
    expect(inbox.stats()['rejected.duplicate']).toBe(2);
    // The answer is still the first one's.
    expect(await client.get(keys.inbox('sensor:edge-1').answers + jobId)).toContain('"done"');
  });

  it('are taken back when nobody is there, and nobody does them later', async () => {
    const before = reports;
    await expect(ask('sensor:nobody', 300)).rejects.toMatchObject({
      code: 'command-failed',
      message: /within 0.3 s; the command was not begun and has been taken back/,
    });
    const inbox = serve('sensor:nobody');
    await pause(300);
    expect(inbox.stats().received).toBe(0);
    expect(reports).toBe(before);
  });

  it('that were taken and not answered say so', async () => {
    serve('sensor:slow', { report: () => pause(4_000) });
    await expect(ask('sensor:slow', 1_000)).rejects.toThrow(/it may have been done/);
  });

  it('do not pile up: too many are not sent, and given up where they are', async () => {
    const queue = queueOf('sensor:busy');
    await queue.addBulk(
      Array.from({ length: 100 }, () => ({ name: 'report', data: {}, opts: { jobId: anId() } })),
    );
    await expect(ask('sensor:busy')).rejects.toThrow(/100 commands wait there already/);
    expect((await tidyQueue(client, keys.inbox('sensor:busy'), INBOX_BOUNDS)).dropped).toBe(36);
    expect(await queue.getWaitingCount()).toBe(64);
  });

  it('are all done when they come fast, five in a second', async () => {
    const inbox = serve('sensor:edge-1');
    const startedMs = performance.now();
    const answers = await Promise.all(Array.from({ length: 12 }, () => ask('sensor:edge-1')));
    expect(answers.filter((answer) => !('done' in answer))).toEqual([]);
    expect(performance.now() - startedMs).toBeGreaterThan(1_900);
    expect(inbox.stats()).toMatchObject({ received: 12, done: 12 });
  });

  it('go on when Redis has been away, and forgot everything', async () => {
    const inbox = serve('sensor:edge-1');
    expect(await ask('sensor:edge-1')).toHaveProperty('done');
    await server.kill();
    await pause(500);
    await server.start();
    expect(await ask('sensor:edge-1')).toHaveProperty('done');
    expect(inbox.stats()).toMatchObject({ received: 2, done: 2 });
  });

  it('are taken by a process that began while Redis was away', async () => {
    await server.kill();
    const early = openRedis(parseRedisUrl(server.url), () => {});
    const inbox = serve('sensor:early', {}, early);
    await pause(6_000);
    await server.start();
    expect(await ask('sensor:early')).toHaveProperty('done');
    expect(inbox.stats()).toMatchObject({ received: 1, done: 1 });
    await inbox.stop();
    closeRedis(early);
  }, 30_000);

  it('leave nothing in Redis that does not expire', async () => {
    serve('sensor:edge-1');
    await ask('sensor:edge-1');
    await ask('sensor:nobody', 100).catch(() => {});
    const kept: string[] = [];
    for (const key of await client.keys('{commands:inbox:*'))
      if ((await client.pttl(key)) === -1) kept.push(key);
    expect(kept).toEqual([]);
  });
});
