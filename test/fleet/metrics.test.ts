/** The counters of a running fleet over HTTP, as Prometheus reads them. */
import { setTimeout as pause } from 'node:timers/promises';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FleetProcesses, said, type Started } from '../support/fleet-processes.js';
import { RedisServer, redisMissing, redisNote } from '../support/redis-server.js';
import { scratchFolder } from '../support/scratch.js';

const CAPTURE = resolve('test/captures/pipeline.pcap.gz');
const HOME = '198.51.100.0/24,198.18.4.0/22';
const SHARDS = 4;

const folder = scratchFolder();

async function scrape({ stderr }: Started): Promise<Map<string, number>> {
  const url = /http:\/\/[\d.:]+\/metrics/.exec(stderr())?.[0];
  const text = await (await fetch(url ?? 'no address was logged')).text();
  const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(series.map((line) => [line.replace(/ \S+$/, ''), Number(line.split(' ').at(-1))]));
}

/** Scrapes until it is so. */
async function until(
  process: Started,
  isSo: (metrics: Map<string, number>) => boolean,
): Promise<Map<string, number>> {
  for (;;) {
    const metrics = await scrape(process);
    if (isSo(metrics)) return metrics;
    await pause(300);
  }
}

describe.skipIf(redisMissing)(`metrics of a fleet${redisNote}`, () => {
  const redis = new RedisServer();
  let fleet: FleetProcesses;
  let worker: Started;
  let correlator: Started;

  beforeAll(async () => {
    await redis.start();
    const settings = `shards: ${SHARDS}\nmetrics: { listen: "127.0.0.1:0" }`;
    fleet = new FleetProcesses(redis.url, folder, HOME, settings);
  });
  afterAll(async () => {
    await fleet?.end();
    await redis.close();
  });

  it('tell what went through, who holds what, and that nothing was lost', async () => {
    worker = fleet.work();
    correlator = fleet.start(['correlate', '--json']);
    await said(worker, 'metrics');
    await said(correlator, 'correlating');
    expect(await fleet.sense(CAPTURE).exited).toBe(0);
    const shards = Array.from({ length: SHARDS }, (_, shard) => String(shard));
    const judged = await until(worker, (metrics) => {
      return (metrics.get('picket_transport_items_total') ?? 0) >= 72;
    });
    expect(judged.get('picket_transport_leases_held')).toBe(SHARDS);
    expect(judged.get('picket_transport_rejected_total{reason="undecodable"}')).toBe(0);
    expect(judged.get('picket_commands_received_total')).toBe(0);
    expect(judged.get('picket_commands_rejected_total{reason="malformed"}')).toBe(0);
    for (const shard of shards)
      expect(judged.get(`picket_transport_lag_seconds{shard="${shard}"}`)).toBeGreaterThan(0);
    const answered = await until(correlator, (metrics) => {
      // Not findings: at the end of all input the correlator begins anew.
      return (metrics.get('picket_transport_items_total') ?? 0) >= 72;
    });
    expect(answered.get('picket_fleet_shards_unheld')).toBe(0);
    expect(answered.get('picket_fleet_lease_owners')).toBe(2);
    expect(answered.get('picket_fleet_members{role="worker"}')).toBe(1);
    for (const partition of [...shards, 'correlator'])
      expect(answered.get(`picket_fleet_queue_waiting{shard="${partition}"}`)).toBeDefined();
    for (const loss of ['detect_window_sources_evicted', 'output_lines_failed', 'transport_gaps'])
      expect(answered.get(`picket_${loss}_total`), loss).toBe(0);
    expect(answered.get('process_resident_memory_bytes')).toBeGreaterThan(0);
  });

  it('are shown while Redis is away, and say so', async () => {
    await redis.kill();
    const isAway = (metrics: Map<string, number>) => metrics.get('picket_redis_connected') === 0;
    expect((await until(worker, isAway)).get('picket_transport_items_total')).toBeGreaterThan(0);
    const away = await until(correlator, isAway);
    expect(away.get('picket_transport_items_total')).toBeGreaterThan(0);
    expect([...away.keys()].filter((name) => name.startsWith('picket_fleet'))).toEqual([]);
  });
});
