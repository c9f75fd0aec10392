/** Guarantee 2 in a fleet: through BullMQ, with any number of workers, the words are the same. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MIXED_DEFAULTS, writeMixed } from '../generate/mixed.js';
import { PcapWriter } from '../generate/pcap-writer.js';
import { SCAN_DEFAULTS, writeScan } from '../generate/scan.js';
import { closeRedis, openRedis } from '../../src/transport/bullmq/redis.js';
import { parseRedisUrl } from '../../src/transport/bullmq/redis-url.js';
import { fleetAnswer } from '../support/fleet.js';
import { canonical, runPicket } from '../support/picket.js';
import { redisMissing, redisNote, RedisServer } from '../support/redis-server.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const LAB_HOME = '198.51.100.0/24,198.18.4.0/22,2001:db8:100::/64,fd01::/64';

function mixedInput(): string {
  const path = join(scratch, 'mixed.pcap');
  const writer = new PcapWriter(path);
  writeMixed(writer, { ...MIXED_DEFAULTS, packetCount: 60_000, ratePerSecond: 3000 });
  writer.close();
  return path;
}

/** Hundreds of open services a second, most of them beyond the lists. */
function sweepInput(): string {
  const path = join(scratch, 'sweep.pcap');
  const writer = new PcapWriter(path);
  const swept = { home: '10.10.0.0/19', ports: [443], ratePerSecond: 6_000, packetCount: 7_000 };
  writeScan(writer, { ...SCAN_DEFAULTS, ...swept, answerShare: 0.4 });
  writer.close();
  return path;
}

const GOLDEN = 'test/golden/script-scan-tls-ciphers/input.pcap.gz';
const CAPTURES = [
  { name: 'masscan, then nmap', home: LAB_HOME, path: 'test/captures/pipeline.pcap.gz' },
  { name: 'a script scan', home: LAB_HOME, path: GOLDEN },
  { name: 'a busy link with two scanners', home: MIXED_DEFAULTS.home, path: mixedInput() },
  { name: 'a sweep that finds much', home: SCAN_DEFAULTS.home, path: sweepInput() },
];

describe.skipIf(redisMissing)(`four ways, one answer${redisNote}`, () => {
  const server = new RedisServer();
  beforeAll(async () => await server.start());
  afterAll(async () => await server.close());

  it.each(CAPTURES)('$name', async ({ name, home, path }) => {
    const embedded = canonical(runPicket(['read', path, '--home', home, '--json']).events);
    expect(embedded).toContain('"event_type":"incident"');
    for (const workers of [1, 2, 4]) {
      const namespace = `${name.replaceAll(/\W/g, '-')}-${workers}`;
      const run = await fleetAnswer({ url: server.url, namespace, home, workers }, [path]);
      expect(run.answer, `${workers} workers`).toBe(embedded);
      expect(run.workers.every(({ items, gaps }) => items > 0 && gaps === 0)).toBe(true);
    }
  });

  it('leaves nothing in Redis that does not expire', async () => {
    const [{ home, path }] = CAPTURES;
    await fleetAnswer({ url: server.url, namespace: 'expiry', home, workers: 1 }, [path]);
    const client = openRedis(parseRedisUrl(server.url), () => {});
    const keys = (await client.keys('*')).filter((key) => key.startsWith('{expiry'));
    expect(keys.length).toBeGreaterThan(50);
    const expiries = await Promise.all(keys.map((key) => client.pttl(key)));
    expect(keys.filter((_, index) => expiries[index] < 0)).toEqual([]);
    closeRedis(client);
  });

  it('says nothing of what is published again', async () => {
    const [{ home, path }] = CAPTURES;
    const run = { url: server.url, namespace: 'again', home, workers: 1 };
    const alone = await fleetAnswer({ ...run, namespace: 'alone' }, [GOLDEN]);
    const first = await fleetAnswer(run, [path]);
    expect(first.answer).toContain('"finding"');
    const { answer, workers } = await fleetAnswer(run, [path], [GOLDEN]);
    expect(answer).toBe(alone.answer);
    expect(workers[0].duplicates).toBeGreaterThan(100);
  });
});
