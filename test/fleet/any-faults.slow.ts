/**
 * Guarantee 5 where nobody chose the moment: processes and Redis are killed and paused at random,
 * several at once, and what is said is what an undisturbed run says. A seed makes the same faults
 * again; `PICKET_TEST_FAULT_SEEDS=100-199` tries others than CI does.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFailed } from 'vitest';
import { Random } from '../generate/random.js';
import { busyFleet } from '../support/busy-fleet.js';
import {
  expectSame,
  feed,
  type FleetProcesses,
  said,
  type Started,
} from '../support/fleet-processes.js';
import { redisMissing, redisNote, type RedisServer } from '../support/redis-server.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const [FIRST, LAST = FIRST] = (process.env.PICKET_TEST_FAULT_SEEDS ?? '1-4').split('-').map(Number);
const SEEDS = Array.from({ length: LAST - FIRST + 1 }, (_, at) => FIRST + at);
const PARTS = 12;
const PART_MS_MAX = 200;
/** One part in so many meets a fault. */
const PARTS_A_FAULT = 3;
/** Some pauses are longer than a lease, some are not. */
const PAUSE_MS_MAX = 4_000;

describe.skipIf(redisMissing)(`faults of any kind, in any order${redisNote}`, () => {
  const busy = busyFleet(scratch);

  it.each(SEEDS)('seed %i', async (seed) => {
    const faults: string[] = [];
    onTestFailed(() => console.log(faults.join('\n')));
    const random = new Random(seed);
    const { fleet, server } = busy;
    const processes = { workers: [fleet.work(), fleet.work()], correlator: fleet.correlate() };
    const sensor = fleet.sense('-');
    await Promise.all(processes.workers.map((worker) => said(worker, 'working')));
    await said(processes.correlator, 'correlating');
    const wakings: Promise<void>[] = [];
    const kinds = kindsOf(processes, server, fleet, wakings);
    await feed(sensor, busy.path, PARTS, async (part) => {
      await pause(random.below(PART_MS_MAX));
      if (random.below(PARTS_A_FAULT) > 0) return;
      const kind = random.pick(Object.keys(kinds));
      const ms = random.below(PAUSE_MS_MAX);
      const worker = random.below(processes.workers.length);
      faults.push(`part ${part}: ${kind} (worker ${worker}, ${ms} ms)`);
      await kinds[kind](worker, ms);
    });
    await Promise.all(wakings);
    expect(await processes.correlator.exited).toBe(0);
    expectSame(fleet.answer(), busy.expected);
  });
});

/** What may happen, by name; `wakings` takes when whoever is paused goes on. */
function kindsOf(
  processes: { workers: Started[]; correlator: Started },
  server: RedisServer,
  fleet: FleetProcesses,
  wakings: Promise<void>[],
): Record<string, (worker: number, ms: number) => Promise<void>> {
  const { workers } = processes;
  const sleep = ({ child }: Started, ms: number): void => {
    child.kill('SIGSTOP');
    wakings.push(pause(ms).then(() => void child.kill('SIGCONT')));
  };
  return {
    'a worker is killed': async (worker, ms) => {
      workers[worker].child.kill('SIGKILL');
      await pause(ms / 8);
      workers[worker] = fleet.work();
    },
    'a worker is paused': async (worker, ms) => sleep(workers[worker], ms),
    'the correlator is killed': async () => {
      processes.correlator.child.kill('SIGKILL');
      await processes.correlator.exited;
      processes.correlator = fleet.correlate();
    },
    'the correlator is paused': async (_, ms) => sleep(processes.correlator, ms),
    'Redis is killed': async (_, ms) => {
      await server.kill('SIGKILL');
      await pause(ms / 2);
      await server.start();
    },
    'Redis is paused': async (_, ms) => {
      process.kill(server.pid, 'SIGSTOP');
      await pause(ms);
      process.kill(server.pid, 'SIGCONT');
    },
  };
}
