/**
 * Guarantee 5: processes are killed, paused and cut off in the middle of a capture, and what is
 * said is what an undisturbed run says. Real processes, a real Redis with an append-only file.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { busyFleet } from '../support/busy-fleet.js';
import {
  expectSame,
  feed,
  FleetProcesses,
  said,
  type Started,
} from '../support/fleet-processes.js';
import { Keys } from '../../src/transport/bullmq/keys.js';
import { closeRedis, openRedis } from '../../src/transport/bullmq/redis.js';
import { parseRedisUrl } from '../../src/transport/bullmq/redis-url.js';
import { type FleetStatus, readStatus } from '../../src/transport/bullmq/status.js';
import { redisMissing, redisNote, type RedisServer } from '../support/redis-server.js';
import { scratchFolder } from '../support/scratch.js';
import { SlowProxy } from '../support/slow-proxy.js';

const scratch = scratchFolder();
const PARTS = 12;
/** In the middle of the capture. */
const FAULT_AT = 5;
const PART_MS = 120;
/** Longer than a lease of these fleets. */
const PAST_LEASE_MS = 2_500;
const AWAY_MS = 60_000;

describe.skipIf(redisMissing)(`faults${redisNote}`, () => {
  const busy = busyFleet(scratch);

  /**
   * Two workers that share the shards, a correlator, a sensor that is fed; `fault` happens in the
   * middle.
   */
  async function disturbed(fault: (workers: Started[], correlator: Started) => Promise<void>) {
    const workers = [busy.fleet.work(), busy.fleet.work()];
    const correlator = busy.fleet.correlate();
    const sensor = busy.fleet.sense('-');
    await Promise.all(workers.map((worker) => said(worker, 'working')));
    await said(correlator, 'correlating');
    await eachHolds(busy.server, workers);
    let ended = correlator;
    await feed(sensor, busy.path, PARTS, async (part) => {
      await pause(PART_MS);
      if (part === FAULT_AT) await fault(workers, correlator);
    });
    if (correlator.child.signalCode === 'SIGKILL') ended = busy.fleet.correlate();
    return await ended.exited;
  }

  const timed = async (name: string, run: () => Promise<unknown>): Promise<void> => {
    const startedMs = performance.now();
    await run();
    console.log(`fault: ${name}: ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
  };

  it('a worker is killed', async () => {
    let killedMs = 0;
    const status = await disturbed(async ([worker]) => {
      killedMs = performance.now();
      worker.child.kill('SIGKILL');
      await timed('until the other worker holds every shard', async () => {
        while ((await heldOrFree(busy.server, worker)) > 0) await pause(50);
      });
    });
    expect(status).toBe(0);
    expect(killedMs).toBeGreaterThan(0);
    expectSame(busy.fleet.answer(), busy.expected);
  });

  it('a worker is paused for longer than its lease', async () => {
    const paused: Started[] = [];
    const status = await disturbed(async ([worker]) => {
      paused.push(worker);
      worker.child.kill('SIGSTOP');
      // Not for a time: a slow server may renew its leases late.
      while ((await heldOrFree(busy.server, worker)) > 0) await pause(50);
      // It wakes while the other one goes on.
      setTimeout(() => worker.child.kill('SIGCONT'), 3 * PART_MS);
    });
    expect(status).toBe(0);
    expectSame(busy.fleet.answer(), busy.expected);
    // It may wake after the other one has ended the capture, and finds its leases gone then.
    expect(paused).toHaveLength(1);
    for (const worker of paused) await said(worker, 'lost');
  });

  it('the correlator is killed', async () => {
    const status = await disturbed(async (_, correlator) => {
      correlator.child.kill('SIGKILL');
      await correlator.exited;
    });
    expect(status).toBe(0);
    expectSame(busy.fleet.answer(), busy.expected);
  });

  it('Redis is killed and comes back with its append-only file', async () => {
    const status = await disturbed(async () => {
      await busy.server.kill('SIGKILL');
      await pause(1_000);
      await busy.server.start();
    });
    expect(status).toBe(0);
    expectSame(busy.fleet.answer(), busy.expected);
  });

  it('Redis does not answer for longer than every lease', async () => {
    const status = await disturbed(async () => {
      process.kill(busy.server.pid, 'SIGSTOP');
      await pause(PAST_LEASE_MS);
      process.kill(busy.server.pid, 'SIGCONT');
    });
    expect(status).toBe(0);
    expectSame(busy.fleet.answer(), busy.expected);
  });

  it('Redis is away for a minute', async () => {
    const status = await disturbed(async () => {
      await busy.server.kill('SIGKILL');
      await pause(AWAY_MS);
      await busy.server.start();
    });
    expect(status).toBe(0);
    expectSame(busy.fleet.answer(), busy.expected);
  });

  it('a sensor is killed and reads its capture again', async () => {
    // A slow way to Redis keeps it busy for seconds; nobody consumes yet.
    const proxy = new SlowProxy(busy.server.socket, 300, 1, 0);
    const slow = new FleetProcesses(
      await proxy.start(),
      mkdtempSync(join(scratch, 's-')),
      busy.home,
    );
    const first = slow.sense(busy.path);
    while ((await waitingJobs(busy.server)) === 0) await pause(50);
    first.child.kill('SIGKILL');
    await first.exited;
    expect(first.child.signalCode).toBe('SIGKILL');
    proxy.close();
    const correlator = busy.fleet.correlate();
    busy.fleet.work();
    const second = busy.fleet.sense(busy.path);
    expect(await second.exited).toBe(0);
    expect(await correlator.exited).toBe(0);
    expectSame(busy.fleet.answer(), busy.expected);
  });

  it('the network is slow and breaks connections', async () => {
    const proxy = new SlowProxy(busy.server.socket, 10, 400, 12);
    busy.fleet = new FleetProcesses(
      await proxy.start(),
      mkdtempSync(join(scratch, 'slow-')),
      busy.home,
    );
    await timed('slow and breaking network, the whole capture', async () => {
      expect(await disturbed(async () => {})).toBe(0);
    });
    expect(proxy.broken).toBeGreaterThan(3);
    expectSame(busy.fleet.answer(), busy.expected);
    proxy.close();
  });
});

/** Asks Redis itself, without blocking this process, which a proxy may run in. */
async function statusOf(server: RedisServer): Promise<FleetStatus> {
  const client = openRedis(parseRedisUrl(server.url), () => {});
  const keys = new Keys('faults');
  const shards = Array.from({ length: 16 }, (_, shard) => keys.shard(shard));
  const status = await readStatus(client, keys, shards);
  closeRedis(client);
  return status;
}

/** Resolves when none of the processes is without a lease. */
async function eachHolds(server: RedisServer, processes: readonly Started[]): Promise<void> {
  const isOf = (owner: string | null, { child }: Started) => owner?.includes(`:${child.pid}:`);
  for (;;) {
    const { partitions } = await statusOf(server);
    const holds = (one: Started) => partitions.some(({ owner }) => isOf(owner, one) === true);
    if (processes.every(holds)) return;
    await pause(50);
  }
}

/** Shards whose lease is the process's, or nobody's. */
async function heldOrFree(server: RedisServer, { child }: Started): Promise<number> {
  const { partitions } = await statusOf(server);
  const isLost = (owner: string | null) => owner?.includes(`:${child.pid}:`) ?? true;
  return partitions.filter(({ owner }) => isLost(owner)).length;
}

async function waitingJobs(server: RedisServer): Promise<number> {
  return (await statusOf(server)).partitions.reduce((sum, { waiting }) => sum + waiting, 0);
}
