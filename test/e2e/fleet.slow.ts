/** A live sensor whose Redis is away, and which is killed meanwhile, loses nothing it has seen. */
import { setTimeout as pause } from 'node:timers/promises';
import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FleetProcesses, said, type Started } from '../support/fleet-processes.js';
import {
  Laboratory,
  LIVE_FIRST,
  namespacesUnavailable,
  OUTSIDE_ADDRESS,
  PROTECTED_NET,
} from '../support/namespaces.js';
import { builtObservers, type Event, eventsOf } from '../support/picket.js';
import { DURABLE, redisMissing, RedisServer } from '../support/redis-server.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const AWAY_MS = 60_000;
const SETTLE_MS = 3_000;
const MEANWHILE = '203.0.113.77';
const [FIRST, SECOND] = [`198.51.100.${LIVE_FIRST}`, `198.51.100.${LIVE_FIRST + 1}`];
const PORTS = 300;
// On CI a machine that cannot run these tests is broken, so there they fail rather than be skipped.
const missing = redisMissing ? 'no redis-server or valkey-server' : namespacesUnavailable(['nmap']);
const reason = process.env.CI ? null : missing;

describe.skipIf(reason)(`a live fleet${reason ? ` (skipped: ${reason})` : ''}`, () => {
  const laboratory = new Laboratory();
  const server = new RedisServer(DURABLE);
  let fleet: FleetProcesses;

  beforeAll(async () => {
    laboratory.open();
    laboratory.addSource(MEANWHILE, `${SECOND}/32`);
    await server.start();
  });
  afterAll(async () => {
    await fleet?.end();
    await server.close();
    laboratory.close();
  });

  /** Exactly `PORTS` distinct ports, once each, at a rate that a loaded machine keeps up with. */
  async function scan(target: string): Promise<void> {
    const bounds = ['--max-rate', '200', '--max-retries', '0', '-p', `1-${PORTS}`];
    const command = ['nmap', '-n', '-Pn', '-sS', ...bounds, target];
    const [program, ...words] = laboratory.in(laboratory.outside, command);
    const child = spawn(program, words, { stdio: 'ignore' });
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
  }

  it.each(builtObservers)('spools, is killed, and goes on: %s observer', async (observer) => {
    const folder = mkdtempSync(join(scratch, 'fleet-'));
    const spool = `spool: { path: "${join(folder, 'spool')}" }\nsensor: ${observer}`;
    fleet = new FleetProcesses(server.url, folder, PROTECTED_NET, spool);
    let printed = '';
    const correlator = fleet.start(['correlate', '--json'], (text) => {
      printed += text;
    });
    const worker = fleet.work();
    const sense = (): Started => {
      const words = ['sense', '-i', laboratory.insideInterface, '--observer', observer];
      // Who it becomes otherwise is what privileges.test.ts is about.
      return fleet.start([...words, '--stay-root'], () => {}, laboratory.in(laboratory.inside, []));
    };
    const events = (): Event[] => eventsOf(printed.slice(0, printed.lastIndexOf('\n') + 1));
    const isSaid = (source: string) =>
      events().some((event) => {
        return (
          event.event_type === 'finding' && event.src_ip === source && event.finding.count === PORTS
        );
      });
    const first = sense();
    await Promise.all([said(worker, 'working'), said(correlator, 'correlating')]);
    await said(first, 'observing');
    await scan(FIRST);
    while (!events().some((event) => event.src_ip === OUTSIDE_ADDRESS)) await pause(100);

    const awayMs = performance.now();
    await server.kill('SIGKILL');
    await scan(SECOND);
    await pause(SETTLE_MS);
    first.child.kill('SIGKILL');
    await first.exited;
    const second = sense();
    await said(second, 'observing');
    await pause(AWAY_MS - (performance.now() - awayMs));
    expect(isSaid(MEANWHILE)).toBe(false);
    const backMs = performance.now();
    await server.start();
    while (!isSaid(MEANWHILE)) await pause(100);
    const tookS = (performance.now() - backMs) / 1000;
    console.log(`fault: Redis is back, until its spooled scan is said: ${tookS.toFixed(1)} s`);

    for (const { child } of [second, worker, correlator]) child.kill('SIGINT');
    expect(await second.exited, second.stderr()).toBe(0);
    expect(await worker.exited, worker.stderr()).toBe(0);
    expect(await correlator.exited, correlator.stderr()).toBe(0);
    await fleet.end();
  });
});
