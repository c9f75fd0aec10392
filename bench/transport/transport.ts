/**
 * `npm run bench -- transport`: what passes through Redis on this machine, beside worker threads,
 * and beside a bare BullMQ loop that does nothing with batches of the same size (the limit). The
 * ways take turns, so that a busy moment of the machine meets all of them.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { RedisServer, redisMissing } from '../../test/support/redis-server.js';
import { describeCode } from '../machine.js';
import { median } from '../measure.js';
import { PAGE, TRANSPORT, writePage } from '../page.js';
import { type CalmResult, calmTrial } from './calm.js';
import { makeBallast, makeLoad } from './load.js';
import { RATIO_MIN, ratioOf, transportTables, type TransportResults, type Way } from './page.js';
import { bareLoop, embeddedLoop, fleetLoop } from './ways.js';

const SENSOR = 'bench#1';
const ROUNDS = 5;
/** Long enough that a worker which has just started is not most of what is measured. */
const LOAD_SECONDS = 900;
const LOAD_PACKETS_PER_SECOND = 1_000;
/** What the product's publisher gathers in a job at most. */
const GATHERED = 32;
const CALM_SENSORS = 20;
const CALM_SECONDS = 20;
const LARGE = { count: 800, size: 65_536 };

/** Fails when less than `RATIO_MIN` of the limit is reached. */
export async function benchTransport(): Promise<{ failed: number }> {
  if (redisMissing) {
    console.log('redis-server or valkey-server is not installed');
    return { failed: 1 };
  }
  const before = loadavg()[0];
  const server = new RedisServer(['--appendonly', 'yes']);
  await server.start();
  try {
    const load = makeLoad(SENSOR, LOAD_SECONDS, LOAD_PACKETS_PER_SECOND);
    const large = makeBallast(LARGE.count, LARGE.size);
    const ways = await takeTurns([
      ['bare BullMQ, one batch a job', load, (name) => bareLoop(server, load, name, 'base64')],
      [
        `bare BullMQ, ${GATHERED} batches a job`,
        load,
        (name) => bareLoop(server, load, name, 'base64', GATHERED),
      ],
      ['bare BullMQ, binary side key', load, (name) => bareLoop(server, load, name, 'key')],
      ['fleet, 1 worker', load, (name) => fleetLoop(server, load, SENSOR, name, 1)],
      ['fleet, 2 workers', load, (name) => fleetLoop(server, load, SENSOR, name, 2)],
      ['embedded, 1 worker', load, () => embeddedLoop(load, 1)],
      ['embedded, 2 workers', load, () => embeddedLoop(load, 2)],
      ['64 KiB batches, base64 in JSON', large, (name) => bareLoop(server, large, name, 'base64')],
      ['64 KiB batches, binary side key', large, (name) => bareLoop(server, large, name, 'key')],
    ]);
    const calm = [];
    for (const workers of [1, 2]) calm.push(await calmly(workers));
    const { batches, bytes, observations } = load;
    const results: TransportResults = {
      ...describeCode(),
      command: 'npm run bench -- transport',
      rounds: ROUNDS,
      busy: { before, after: loadavg()[0] },
      load: { batches: batches.length, bytes, observations },
      ways,
      calm,
    };
    mkdirSync('bench/results', { recursive: true });
    writeFileSync(TRANSPORT, `${JSON.stringify(results, null, 2)}\n`);
    writePage();
    console.log(`\n${transportTables(results)}\n\nwritten: ${TRANSPORT}, ${PAGE}`);
    return { failed: ratioOf(results) >= RATIO_MIN ? 0 : 1 };
  } finally {
    await server.close();
  }
}

/** With a server of its own: rewriting what the rounds left is no cost of these. */
async function calmly(workers: number): Promise<CalmResult> {
  const server = new RedisServer(['--appendonly', 'yes']);
  await server.start();
  try {
    return await calmTrial(server, workers, CALM_SENSORS, CALM_SECONDS);
  } finally {
    await server.close();
  }
}

type Contender = [name: string, load: Load, run: (namespace: string) => Promise<number>];
type Load = { batches: unknown[]; bytes: number; observations: number };

/** Round 0 warms up and is not counted. */
async function takeTurns(contenders: Contender[]): Promise<Way[]> {
  const seconds: number[][] = contenders.map(() => []);
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [index, [name, , run]] of contenders.entries()) {
      const took = await run(`way-${index}-${round}`);
      console.log(`${round === 0 ? 'warm' : `  ${round} `} ${name}: ${took.toFixed(2)} s`);
      if (round > 0) seconds[index].push(took);
    }
  }
  return contenders.map(([name, { batches, bytes, observations }], index) => {
    const rates = seconds[index].map((took) => batches.length / took);
    const rate = median(rates);
    const share = rate / batches.length;
    return {
      name,
      batchesPerSecond: rate,
      least: Math.min(...rates),
      most: Math.max(...rates),
      observationsPerSecond: share * observations,
      bytesPerSecond: share * bytes,
    };
  });
}
