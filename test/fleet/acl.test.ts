/** The Redis users of docs/operating.md are enough for what each of them is for, and no more. */
import { setTimeout as pause } from 'node:timers/promises';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendCommand } from '../../src/transport/bullmq/command-sender.js';
import { Keys } from '../../src/transport/bullmq/keys.js';
import { closeRedis, openRedis, type RedisClient } from '../../src/transport/bullmq/redis.js';
import { parseRedisUrl } from '../../src/transport/bullmq/redis-url.js';
import { FleetProcesses, said } from '../support/fleet-processes.js';
import { runPicket } from '../support/picket.js';
import { RedisServer, redisMissing, redisNote } from '../support/redis-server.js';
import { scratchFolder } from '../support/scratch.js';

const HOME = '198.51.100.0/24,198.18.4.0/22';
const CAPTURE = resolve('test/captures/pipeline.pcap.gz');
const SCANNER = '203.0.113.120';
const PASSWORD = 'of-the-test';
const folder = scratchFolder();

/** The lines of the page, for the namespace of the processes here; and one who sees everything. */
function usersOfThePage(): string {
  const page = readFileSync('docs/operating.md', 'utf8');
  const lines = page
    .split('\n')
    .filter((line) => /^user (default|picket|sensor|operator) /.test(line));
  expect(lines).toHaveLength(4);
  const users = lines.join('\n').replaceAll('{picket', '{faults').replaceAll('CHANGE-ME', PASSWORD);
  return `${users}\nuser root on >${PASSWORD} ~* &* +@all\n`;
}

describe.skipIf(redisMissing)(`the Redis users of the page${redisNote}`, () => {
  const acl = join(folder, 'users.acl');
  const redis = new RedisServer(['--aclfile', acl]);
  const as = (user: string) => `unix://${user}:${PASSWORD}@${redis.socket}`;
  let fleet: FleetProcesses;
  let root: RedisClient;

  beforeAll(async () => {
    writeFileSync(acl, usersOfThePage());
    await redis.start();
    root = openRedis(parseRedisUrl(as('root')), () => {});
    fleet = new FleetProcesses(as('picket'), folder, HOME, 'shards: 4\nsensor: edge-1');
  });
  afterAll(async () => {
    await fleet?.end();
    closeRedis(root);
    await redis.close();
  });

  const refusals = async (): Promise<string[]> => {
    const log = (await root.call('ACL', 'LOG')) as unknown[][];
    return log.map((entry) => {
      const at = (name: string) => String(entry[entry.indexOf(name) + 1]);
      return `${at('username')}: ${at('reason')} ${at('object')} (${at('context')})`;
    });
  };
  const operate = async (...words: string[]): Promise<string> => {
    let printed = '';
    const flags = ['--redis', as('operator')];
    const started = fleet.start([...words, ...flags], (text) => {
      printed += text;
    });
    expect(await started.exited, started.stderr()).toBe(0);
    return printed;
  };

  it('let a fleet work and its commands through', async () => {
    const worker = fleet.work();
    const correlator = fleet.correlate();
    await Promise.all([said(worker, 'working'), said(correlator, 'correlating')]);
    const sensor = fleet.start(['sense', '--read', '-', '--redis', as('sensor')]);
    await said(sensor, 'observing');
    await new Promise((done) => sensor.child.stdin?.write(capture(), () => done(null)));
    await pause(2_500);
    expect(await operate('status')).toMatch(/ sensor edge-1 /);
    expect(await operate('command', 'all', 'report')).toMatch(/^edge-1: sensor, /m);
    await operate('command', 'edge-1', 'watch', SCANNER);
    expect(await operate('command', 'edge-1', 'dump', SCANNER)).toMatch(/it in \d+ epochs/);
    expect(await operate('command', 'all', 'reload')).toMatch(/^edge-1: read .*nothing changed/m);
    // Longer than an inbox goes without being tidied, and fast enough to be held back.
    await Promise.all(Array.from({ length: 8 }, () => operate('command', 'edge-1', 'report')));
    await pause(5_500);
    sensor.child.stdin?.end();
    expect(await sensor.exited).toBe(0);
    expect(await correlator.exited).toBe(0);
    expect(fleet.answer()).toContain('"event_type":"incident"');
    expect(await refusals()).toEqual([]);
    const operator = openRedis(parseRedisUrl(as('operator')), () => {});
    const lost = sendCommand(
      operator,
      new Keys('faults'),
      'sensor:nobody',
      { verb: 'report' },
      300,
    );
    await expect(lost).rejects.toThrow(/has been taken back/);
    closeRedis(operator);
    expect(await refusals()).toEqual([]);
  }, 60_000);

  it.each([
    ['a wrong password', () => as('operator').replace(PASSWORD, 'my-secret')],
    ['no user', () => redis.url],
  ])('end a command with a sentence and no password: %s', async (_, url) => {
    const words = ['--redis', url()];
    const { status, stderr } = runPicket(['status', ...words], { cwd: folder });
    expect(status).toBe(2);
    expect(runPicket(['command', 'all', 'report', ...words], { cwd: folder }).status).toBe(2);
    expect(stderr).toMatch(/^picket: Redis at unix:\/\/.* refuses: (WRONGPASS|NOAUTH|NOPERM)/m);
    expect(stderr).not.toMatch(/my-secret|at .*\.js/);
  });

  it.each([
    ['sensor', ['GET', '{faults:0}:snapshot']],
    ['sensor', ['LRANGE', '{faults:correlator}:journal', '0', '9']],
    ['sensor', ['RPOPLPUSH', '{faults:0}:batches:wait', '{faults:0}:batches:active']],
    ['sensor', ['LRANGE', '{faults:inbox:process:h:1:a}:commands:wait', '0', '9']],
    ['operator', ['GET', '{faults:0}:snapshot']],
    ['operator', ['DEL', '{faults:0}:snapshot']],
    ['operator', ['LPUSH', '{faults:0}:batches:wait', 'x']],
    ['operator', ['FLUSHALL']],
  ])('%s may not %j', async (user, [name, ...words]) => {
    const client = openRedis(parseRedisUrl(as(user)), () => {});
    await expect(client.call(name, ...words)).rejects.toThrow(/NOPERM/);
    closeRedis(client);
  });
});

function capture(): Uint8Array {
  return readFileSync(CAPTURE);
}
