import { describe, expect, it } from 'vitest';
import { probeBatches } from '../../test/support/probe-batches.js';
import { parseConfig } from '../config/load.js';
import { buildConfigSchema } from '../config/schema.js';
import { addressBytes } from '../shared/address.js';
import type { Logger } from '../shared/logger.js';
import { ANSWER_SIZE_MAX } from '../transport/bullmq/command-message.js';
import { answerForms } from './command-answers.js';
import { Evidence } from './evidence.js';
import { RecentBatches } from './recent-batches.js';
import { WATCHES_MAX, Watches } from './watches.js';

const HOME = ['198.51.100.0/24'];
const START_US = 1_795_000_000_250_000;
const SOURCE = '203.0.113.9';
const OTHER = '203.0.113.10';

/** `ports` of one target, probed in the second with that number. */
const batchOf = (source: string, second: number, ports = 1): Uint8Array => {
  const timeUs = START_US + second * 1e6;
  const probes = Array.from({ length: ports }, (_, index) => {
    return { source, destination: '198.51.100.7', port: 1 + index, timeUs };
  });
  return probeBatches(probes, HOME).reduce((a, b) => (a.length > b.length ? a : b));
};

function evidenceOf(settings: string) {
  const said: object[] = [];
  const note = (fields: object) => void said.push(fields);
  const log: Logger = { level: 'info', debug: note, info: note, warn: note, error: note };
  const config = parseConfig(buildConfigSchema([]), `commands: { ${settings} }`, 'test');
  return { evidence: new Evidence(config, log), said };
}

describe('the batches observed last', () => {
  it('are bounded in bytes: the oldest go, counted; empty ones are not kept', () => {
    const recent = new RecentBatches(10_000);
    for (let second = 0; second < 100; second++) recent.push(batchOf(SOURCE, second));
    const { recent_batches, recent_bytes, recent_evicted } = recent.stats();
    expect(recent_batches).toBeGreaterThan(10);
    expect(recent_batches + recent_evicted).toBe(100);
    expect(recent_bytes).toBeLessThanOrEqual(10_000);
    expect(recent.newestFirst()[0]).toEqual(batchOf(SOURCE, 99));
    const [empty] = probeBatches([{ ...PROBE, source: '198.51.100.1' }], HOME);
    const before = recent.stats();
    recent.push(empty);
    expect(recent.stats()).toEqual(before);
  });
});

const PROBE = { source: SOURCE, destination: '198.51.100.7', port: 22, timeUs: START_US };

describe('a dump', () => {
  it('tells each epoch once, the newest first, whatever else was there', async () => {
    const { evidence } = evidenceOf('recent_mib: 1');
    for (const second of [0, 1, 2]) {
      evidence.see(batchOf(SOURCE, second));
      evidence.see(batchOf(OTHER, second));
      // Published again after a break: the same epoch.
      evidence.see(batchOf(SOURCE, second));
    }
    const answer = await evidence.dump(SOURCE);
    expect(answerForms.dump.parse(answer)).toEqual(answer);
    expect(answer).toMatchObject({ source: SOURCE, watch: null, left_out: 0 });
    expect(answer.seen.map(({ epoch }) => epoch.slice(14, 19))).toEqual([
      '06:42',
      '06:41',
      '06:40',
    ]);
  });

  it('that would be too large tells the newest, and how many are left out', async () => {
    const { evidence } = evidenceOf('recent_mib: 8');
    for (let second = 0; second < 30; second++) evidence.see(batchOf(SOURCE, second, 200));
    const answer = await evidence.dump(SOURCE);
    expect(answer.left_out).toBeGreaterThan(5);
    expect(answer.seen.length + answer.left_out).toBe(30);
    expect(answer.seen[0].epoch).toContain('11:07:09');
    expect(JSON.stringify(answer).length).toBeLessThan(ANSWER_SIZE_MAX);
  });

  it('of nothing kept is empty', async () => {
    const { evidence } = evidenceOf('recent_mib: 0');
    evidence.see(batchOf(SOURCE, 0));
    expect(await evidence.dump(SOURCE)).toMatchObject({ recent: { batches: 0 }, seen: [] });
  });
});

describe('a watch', () => {
  it('keeps what a flood of others pushes out of the batches observed last', async () => {
    const { evidence, said } = evidenceOf('recent_mib: 1');
    expect(evidence.watch(SOURCE, 60)).toMatchObject({ source: SOURCE, kept: 0, is_over: false });
    evidence.see(batchOf(SOURCE, 0));
    const flood = batchOf(OTHER, 1, 200);
    for (let count = 0; count < 500; count++) evidence.see(flood);
    const answer = await evidence.dump(SOURCE);
    expect(answer.recent.evicted).toBeGreaterThan(0);
    expect(answer.watch).toMatchObject({ kept: 1, evicted: 0 });
    expect(answer.seen.map(({ contacts }) => contacts[0].port)).toEqual([1]);
    expect(said).toEqual([expect.objectContaining({ source: SOURCE, probes: { syn: 1 } })]);
  });

  const watchesOf = (sizeMax: number) => {
    const clock = { nowMs: 0 };
    const said: number[] = [];
    const say = (_source: string, _sighting: object, epochs: number) => void said.push(epochs);
    return { clock, said, watches: new Watches({ sizeMax, say, nowMs: () => clock.nowMs }) };
  };
  const begin = (watches: Watches, source: string, forS: number) =>
    watches.watch(source, addressBytes(source), forS);

  it('says a source at once, then every ten seconds, with what came meanwhile', () => {
    const { clock, said, watches } = watchesOf(1e6);
    begin(watches, SOURCE, 3_600);
    for (let second = 0; second < 21; second++) {
      clock.nowMs = second * 1_000;
      watches.see(batchOf(SOURCE, second));
    }
    expect(said).toEqual([1, 10, 10]);
  });

  it('counts an epoch once, though its beginning was sent early', () => {
    const { said, watches } = watchesOf(1e6);
    const watch = begin(watches, SOURCE, 60);
    const target = { source: SOURCE, destination: '198.51.100.7', timeUs: START_US };
    const probes = Array.from({ length: 150 }, (_, index) => ({ ...target, port: 1 + index }));
    for (const bytes of probeBatches(probes, HOME)) watches.see(bytes);
    expect(watch.kept).toHaveLength(1);
    expect(JSON.parse(watch.kept[0].text)).toMatchObject({ final: true, probes: { syn: 150 } });
    expect(watch.keptSize).toBe(watch.kept[0].text.length);
    expect(said).toEqual([1]);
  });

  it('ends at its time, or when told so, and what it kept stays', () => {
    const { clock, watches } = watchesOf(1e6);
    const watch = begin(watches, SOURCE, 10);
    watches.see(batchOf(SOURCE, 0));
    clock.nowMs = 10_000;
    watches.see(batchOf(SOURCE, 1));
    expect(watch.kept).toHaveLength(1);
    begin(watches, SOURCE, 60);
    watches.see(batchOf(SOURCE, 2));
    begin(watches, SOURCE, 0);
    watches.see(batchOf(SOURCE, 3));
    expect(watches.get(SOURCE)?.kept).toHaveLength(2);
    expect(watches.stats()).toMatchObject({ watches: 0, watched_sightings: 2 });
  });

  it('is bounded in bytes: the oldest go, counted', () => {
    const { watches } = watchesOf(WATCHES_MAX * 1_000);
    const watch = begin(watches, SOURCE, 60);
    for (let second = 0; second < 10; second++) watches.see(batchOf(SOURCE, second));
    expect(watch.keptSize).toBeLessThanOrEqual(1_000);
    expect(watch.kept.length + watch.evicted).toBe(10);
    expect(watches.stats()).toMatchObject({ watched_evicted: watch.evicted });
  });

  it('is refused when as many as possible run; one that is over makes room', () => {
    const { clock, watches } = watchesOf(1e6);
    for (let index = 0; index < WATCHES_MAX; index++)
      begin(watches, `192.0.2.${index}`, index === 5 ? 1 : 60);
    expect(() => begin(watches, SOURCE, 60)).toThrow(/64 sources are watched; end one/);
    clock.nowMs = 2_000;
    begin(watches, SOURCE, 60);
    expect(watches.get('192.0.2.5')).toBeUndefined();
    expect(watches.stats().watches).toBe(WATCHES_MAX);
  });
});

it('what is no batch is counted, and no reason to stop', () => {
  const { evidence } = evidenceOf('recent_mib: 1');
  evidence.see(Uint8Array.of(1, 2, 3));
  expect(evidence.stats()).toMatchObject({ unreadable_batches: 1, recent_batches: 0 });
});
