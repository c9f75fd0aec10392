/** `picket command` against real processes: a sensor that is fed, a worker, a correlator. */
import { setTimeout as pause } from 'node:timers/promises';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DumpAnswer } from '../../src/fleet/command-answers.js';
import { sendCommand } from '../../src/transport/bullmq/command-sender.js';
import { Keys } from '../../src/transport/bullmq/keys.js';
import { closeRedis, openRedis } from '../../src/transport/bullmq/redis.js';
import { parseRedisUrl } from '../../src/transport/bullmq/redis-url.js';
import { PcapWriter } from '../generate/pcap-writer.js';
import { SCAN_DEFAULTS, type ScanParameters, writeScan } from '../generate/scan.js';
import { FleetProcesses, said, type Started } from '../support/fleet-processes.js';
import { runPicket } from '../support/picket.js';
import { RedisServer, redisMissing, redisNote } from '../support/redis-server.js';
import { scratchFolder } from '../support/scratch.js';

const CAPTURE = resolve('test/captures/pipeline.pcap.gz');
const HOME = '198.51.100.0/24,198.18.4.0/22';
const SENSOR = 'edge-1';
/** The one of the capture. */
const SCANNER = '203.0.113.120';
/** Another one, an hour later. */
const LATER: ScanParameters = {
  ...SCAN_DEFAULTS,
  ...{ source: '203.0.113.66', home: '198.51.100.0/24', packetCount: 3_000, ratePerSecond: 500 },
  startUs: 1_795_404_000_000_000,
};
const folder = scratchFolder();

interface Told {
  status: number | null;
  stdout: string;
  stderr: string;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of several forms, which tests look into.
  lines: any[];
}

describe.skipIf(redisMissing)(`commands to a fleet${redisNote}`, () => {
  const redis = new RedisServer();
  let fleet: FleetProcesses;
  let sensor: Started;
  let worker: Started;
  let correlator: Started;
  let printed = '';
  const capture = gunzipSync(readFileSync(CAPTURE));
  const half = Math.floor(capture.length / 2);

  const tell = async (...words: string[]): Promise<Told> => {
    let stdout = '';
    const started = fleet.start(['command', ...words], (text) => {
      stdout += text;
    });
    const status = await started.exited;
    const lines = words.includes('--json')
      ? stdout
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line))
      : [];
    return { status, stdout, stderr: started.stderr(), lines };
  };
  const settings = (more = '') => `sensor: ${SENSOR}\nshards: 4\n${more}`;
  const config = () => join(folder, 'picket.yaml');
  const feed = (bytes: Uint8Array) =>
    new Promise((done) => sensor.child.stdin?.write(bytes, () => done(null)));

  beforeAll(async () => {
    await redis.start();
    fleet = new FleetProcesses(redis.url, folder, HOME, settings());
    worker = fleet.work();
    correlator = fleet.start(['correlate', '--json'], (text) => {
      printed += text;
    });
    sensor = fleet.sense('-');
    await Promise.all([said(worker, 'working'), said(correlator, 'correlating')]);
    await said(sensor, 'observing');
    // It says so of itself every second.
    for (let status = 1; status !== 0; ) {
      await pause(300);
      status = (await tell(SENSOR, 'report')).status ?? 1;
    }
  }, 60_000);
  afterAll(async () => {
    await fleet?.end();
    await redis.close();
  });

  it('report: counters of every process, now', async () => {
    await feed(capture.subarray(0, half));
    await pause(1_000);
    const all = await tell('all', 'report', '--json');
    expect(all).toMatchObject({ status: 0, stderr: '' });
    expect(all.lines.map(({ answer }) => answer.role).sort()).toEqual([
      ...['correlator', 'sensor', 'worker'],
    ]);
    const own = all.lines.find(({ name }) => name === SENSOR).answer.sections;
    expect(own.capture.frames).toBeGreaterThan(1_000);
    expect(own.transport.published_items).toBeGreaterThan(10);
    expect(own.commands).toMatchObject({ 'rejected.late': 0 });
    expect(own.commands.recent_batches).toBeGreaterThan(5);
    const page = await tell(SENSOR, 'report');
    expect(page.stdout).toMatch(/^edge-1: sensor, Picket [\d.]+ on /);
    expect(page.stdout).toMatch(/^ {4}frames +[\d,]+$/m);
  });

  it('dump: what the sensor saw of a source, and that it saw nothing of another', async () => {
    const dumped = await tell(SENSOR, 'dump', SCANNER, '--json');
    expect(dumped).toMatchObject({ status: 0, stderr: '' });
    const [{ answer }] = dumped.lines;
    expect(answer).toMatchObject({ sensor: SENSOR, source: SCANNER, watch: null, left_out: 0 });
    const contacts = (answer as DumpAnswer).seen.flatMap((sighting) => sighting.contacts);
    const services = new Set(contacts.map(({ dest_ip, port }) => `${dest_ip} ${port}`));
    expect(services.size).toBeGreaterThan(100);
    expect([...services].every((one) => /^198\.51\.100\.\d+ \d+$/.test(one))).toBe(true);
    const epochs = answer.seen.map(({ epoch }: { epoch: string }) => epoch);
    expect(epochs).toEqual([...new Set(epochs)].sort().reverse());
    const page = await tell('sensors', 'dump', SCANNER);
    expect(page.stdout).toMatch(/^edge-1: 203\.0\.113\.120: it in \d+ epochs, in \d+ batches kept/);
    expect(page.stdout).toMatch(/^ {2}2026-11-24 02:\d\d:\d\d {2}syn [\d,]+ {2}\d+ targets/m);
    const nothing = await tell(SENSOR, 'dump', '192.0.2.99');
    expect(nothing.stdout).toMatch(/^edge-1: 192\.0\.2\.99: nothing of it, in \d+ batches kept/);
  });

  it('watch: the source is said at once, followed, and kept apart', async () => {
    const watched = await tell(SENSOR, 'watch', SCANNER, '--for', '10m', '--json');
    expect(watched.lines[0].answer).toMatchObject({ source: SCANNER, is_over: false, kept: 0 });
    let followed = '';
    const following = fleet.start(['command', SENSOR, 'dump', SCANNER, '--follow'], (text) => {
      followed += text;
    });
    while (!followed.includes('\n')) await pause(50);
    await pause(1_000);
    expect(sensor.stderr()).not.toContain('a watched source is there');
    await feed(capture.subarray(half));
    await said(sensor, `a watched source is there source=${SCANNER}`);
    while (!/^edge-1: 2026-11-24 02:20:\d\d {2}/m.test(followed)) await pause(50);
    following.child.kill('SIGINT');
    expect(await following.exited).toBe(0);
    const [{ answer }] = (await tell(SENSOR, 'dump', SCANNER, '--json')).lines;
    expect(answer.watch.kept).toBeGreaterThan(2);
    const ended = await tell(SENSOR, 'watch', SCANNER, '--for', '0');
    expect(ended.stdout).toMatch(/^edge-1: 203\.0\.113\.120: watched until .*, \d+ epochs kept/);
  });

  it('reload: the allowlist is changed where it is looked at; the rest is named', async () => {
    const before = readFileSync(config(), 'utf8');
    const entry = '[{ cidr: "203.0.113.0/24", reason: "our own test" }]';
    writeFileSync(config(), `${before}allowlist: ${entry}\nepoch_ms: 500\n`);
    const reloaded = await tell('all', 'reload', '--json');
    expect(reloaded).toMatchObject({ status: 0, stderr: '' });
    for (const { answer, name } of reloaded.lines) {
      expect(answer).toMatchObject({ applied: ['allowlist'], needs_restart: ['epoch_ms'] });
      const isUsed = !name.startsWith(SENSOR) && answer.allowlist.is_used;
      expect(answer.allowlist).toMatchObject({ entries: 1, added: 1, removed: 0 });
      if (isUsed) expect(correlator.stderr()).toContain('configuration read again');
    }
    const uses = reloaded.lines.map(({ answer }) => answer.allowlist.is_used);
    expect(uses.filter(Boolean)).toHaveLength(1);
    // What the correlator says from now on is tagged.
    const isTagged = () => printed.includes('"allowlisted":true');
    expect(isTagged()).toBe(false);
    await feed(laterCapture());
    sensor.child.stdin?.end();
    while (!isTagged()) await pause(50);
    expect(await sensor.exited).toBe(0);
  });

  it('reload: with mistakes nothing changes, and they are named', async () => {
    const before = readFileSync(config(), 'utf8');
    const other = join(folder, 'other.yaml');
    writeFileSync(other, before);
    writeFileSync(config(), `${before}shard: 3\n`);
    const refused = runPicket(['command', 'correlators', 'reload', '--config', other]);
    writeFileSync(config(), before);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/config-invalid: The configuration has one mistake:/);
    expect(refused.stderr).toMatch(/picket\.yaml:\d+:1: shard: unknown key; did you mean shards\?/);
  });

  it('are taken back from a process that hangs, and not done when it goes on', async () => {
    const id = (await tell('workers', 'report', '--json')).lines[0].name;
    const client = openRedis(parseRedisUrl(redis.url), () => {});
    worker.child.kill('SIGSTOP');
    // Not by the command line: it may be slower to start than the process is forgotten.
    const lost = sendCommand(client, new Keys('faults'), `process:${id}`, { verb: 'report' }, 500);
    await expect(lost).rejects.toThrow(/within 0.5 s; .* has been taken back/);
    worker.child.kill('SIGCONT');
    closeRedis(client);
    let told = await tell(id, 'report', '--json');
    while (told.status !== 0) told = await tell(id, 'report', '--json');
    // What was taken back was not even refused: nobody saw it.
    expect(told.lines[0].answer.sections.commands['rejected.late']).toBe(0);
  });

  it('tell who is there when the one wanted is not', async () => {
    const absent = await tell('edge-9', 'report');
    expect(absent).toMatchObject({ status: 1, stdout: '' });
    expect(absent.stderr).toMatch(/There is no edge-9 to tell it\. Running: .*\(worker\)/);
    const dump = await tell('workers', 'dump', SCANNER);
    expect(dump.stderr).toMatch(/There is no workers to tell it/);
  });

  it.each([
    [['edge-1', 'explode'], /explode: take report, watch, dump, reload/],
    [['edge-1', 'dump'], /Which source\?/],
    [['edge-1', 'dump', '203.0.113.0/24'], /203\.0\.113\.0\/24 is no address/],
    [['edge-1', 'watch', '203.0.113.1', '--for', 'ever'], /--for ever: take 90s/],
    [['edge-1', 'report', '203.0.113.1'], /report takes no source/],
  ])('%j is wrong usage', async (words, message) => {
    const told = await tell(...words);
    expect(told).toMatchObject({ status: 2, stdout: '' });
    expect(told.stderr).toMatch(message);
  });
});

/** Another scan, an hour after the capture. */
function laterCapture(): Uint8Array {
  const path = join(folder, 'later.pcap');
  const writer = new PcapWriter(path);
  writeScan(writer, LATER);
  writer.close();
  return readFileSync(path).subarray(24);
}
