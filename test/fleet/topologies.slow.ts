/** Guarantees 2 and 5 on Redis as larger sites run it: Sentinel, Cluster, TLS. */
import { setTimeout as pause } from 'node:timers/promises';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { busyCapture } from '../support/busy-capture.js';
import { fleetAnswer } from '../support/fleet.js';
import { feed, FleetProcesses, said } from '../support/fleet-processes.js';
import { runPicket } from '../support/picket.js';
import { redisMissing, redisNote } from '../support/redis-server.js';
import {
  startCluster,
  startSentinel,
  startTls,
  tlsMissing,
  type Topology,
} from '../support/redis-topologies.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const PARTS = 12;
const FAIL_AT = 5;
const PART_MS = 120;
const SETTLE_MS = 500;
let path = '';
let home = '';
let expected = '';

beforeAll(() => {
  ({ path, home, expected } = busyCapture(scratch));
});

describe.skipIf(redisMissing).each([
  ['Sentinel', startSentinel],
  ['Cluster', startCluster],
])(`%s${redisNote}`, (_, start) => {
  let topology: Topology;
  beforeAll(async () => {
    topology = await start();
  });
  afterAll(async () => await topology?.close());

  it('gives the answer of one process', async () => {
    const { url } = topology;
    const run = await fleetAnswer({ url, namespace: 'quiet', home, workers: 2 }, [path]);
    expect(run.answer).toBe(expected);
    expect(run.workers.every(({ items, gaps }) => items > 0 && gaps === 0)).toBe(true);
  });

  it('is told of and commanded', async () => {
    const folder = mkdtempSync(join(scratch, 'commands-'));
    const fleet = new FleetProcesses(topology.url, folder, home, 'sensor: edge-1');
    const [worker, correlator] = [fleet.work(), fleet.correlate()];
    await Promise.all([said(worker, 'working'), said(correlator, 'correlating')]);
    const operate = async (...words: string[]): Promise<string> => {
      let printed = '';
      const started = fleet.start(words, (text) => {
        printed += text;
      });
      expect(await started.exited, started.stderr()).toBe(0);
      return printed;
    };
    expect(await operate('command', 'all', 'report')).toMatch(/: correlator, /);
    expect(await operate('status')).toMatch(/ worker /);
    await fleet.end();
  });

  it('goes on when a primary dies', async () => {
    const folder = mkdtempSync(join(scratch, 'fleet-'));
    const fleet = new FleetProcesses(topology.url, folder, home);
    const workers = [fleet.work(), fleet.work()];
    const correlator = fleet.correlate();
    const sensor = fleet.sense('-');
    await Promise.all(workers.map((worker) => said(worker, 'working')));
    await said(correlator, 'correlating');
    await feed(sensor, path, PARTS, async (part) => {
      await pause(PART_MS);
      if (part !== FAIL_AT) return;
      // What was acknowledged by the primary alone would be lost with it: see docs/operating.md.
      await pause(SETTLE_MS);
      const startedMs = performance.now();
      await topology.failOver();
      const tookS = (performance.now() - startedMs) / 1000;
      console.log(`fault: until a replica took over: ${tookS.toFixed(1)} s`);
    });
    expect(await sensor.exited, sensor.stderr()).toBe(0);
    expect(await correlator.exited, correlator.stderr()).toBe(0);
    expect(fleet.answer()).toBe(expected);
    await fleet.end();
  });
});

const noTls = redisMissing ? redisNote : tlsMissing ? ` (skipped: ${tlsMissing})` : '';

describe.skipIf(noTls !== '')(`TLS${noTls}`, () => {
  let server: Awaited<ReturnType<typeof startTls>>;
  beforeAll(async () => {
    server = await startTls();
  });
  afterAll(async () => await server?.close());

  it('gives the answer of one process', async () => {
    const { url } = server;
    const run = await fleetAnswer({ url, namespace: 'tls', home, workers: 2 }, [path]);
    expect(run.answer).toBe(expected);
  });

  it('is refused without the authority, in a sentence', () => {
    const [url] = server.url.split('?');
    const { status, stderr } = runPicket(['status', '--redis', url], { cwd: scratch });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^picket: Redis at .* does not answer \(self-signed certificate\)/m);
  });
});
