/** What tests that disturb a fleet begin and end with. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach } from 'vitest';
import { type BusyCapture, busyCapture } from './busy-capture.js';
import { FleetProcesses } from './fleet-processes.js';
import { DURABLE, RedisServer } from './redis-server.js';

export interface BusyFleet extends BusyCapture {
  /** Of the test that runs. */
  server: RedisServer;
  fleet: FleetProcesses;
}

/**
 * A busy capture, and for each test a durable server and a fleet that is ended after it. A test
 * that has failed says how every process stood. Call it outside of tests.
 */
export function busyFleet(scratch: string): BusyFleet {
  const busy = {} as BusyFleet;
  beforeAll(() => {
    Object.assign(busy, busyCapture(scratch));
  });
  beforeEach(async () => {
    busy.server = new RedisServer(DURABLE);
    await busy.server.start();
    const folder = mkdtempSync(join(scratch, 'fleet-'));
    busy.fleet = new FleetProcesses(busy.server.url, folder, busy.home);
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') console.log(busy.fleet.whatWasSaid());
    await busy.fleet.end();
    await busy.server.close();
  });
  return busy;
}
