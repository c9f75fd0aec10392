import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Activity, Finding } from '../../packages/plugin-api/src/finding.js';
import {
  hosts,
  makeActivity,
  makeFinding,
  TEST_TIME_US,
} from '../../packages/plugin-api/src/testkit/findings.js';
import type { Suspect } from '../../packages/plugin-api/src/suspect.js';
import { Correlator, type OutputEvent } from './correlator.js';

/** The end of the n-th second. */
const at = (second: number): number => TEST_TIME_US + second * 1_000_000;

const SHARDS = 3;
const EPOCHS = 12;
/** 100 s each, so that incidents also close. */
const endOf = (epoch: number): number => at(epoch * 100);

describe('correlator: order', () => {
  it('gives the same events however the shards ran apart', () => {
    const script = randomScript();
    fc.assert(
      fc.property(
        script,
        fc.array(fc.nat(SHARDS - 1), { minLength: 60, maxLength: 60 }),
        fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }),
        (outcomes, schedule, pauses) => {
          const inTurn = run(outcomes, [], []);
          expect(run(outcomes, schedule, pauses)).toEqual(inTurn);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('looks at the suspects of all shards together, also by arrival', () => {
    const correlator = new Correlator({ shardCount: 2, order: 'arrival' });
    const outcome = (shard: number, sources: string[]): Outcome => ({
      shard,
      watermarkUs: at(1),
      final: false,
      findings: [],
      progress: [],
      suspects: sources.map(decoy),
      traffic: null,
    });
    correlator.accept(outcome(0, ['203.0.113.1', '203.0.113.2']));
    expect(correlator.advance()).toEqual([]);
    correlator.accept(outcome(1, ['203.0.113.3']));
    const [first] = correlator.advance();
    expect(first).toMatchObject({ finding: { kind: 'decoy_scan', count: 3 } });
  });
});

/** A source that sends the same three probes as every other. */
function decoy(ip: string): Suspect {
  const contacts = [21, 22, 23].map((port) => ({
    target: '198.51.100.1',
    protocol: 6,
    port,
    tuple: port,
    timeUs: at(0) + port,
    open: false,
  }));
  return {
    source: { ip, tunnel: 0 },
    epochStartUs: at(0),
    judgedUs: at(1),
    fingerprint: '',
    tool: null,
    raw: true,
    runKey: 0,
    proof: 0,
    contacts,
  };
}

type Outcome = Parameters<Correlator['accept']>[0];

/** Per shard, the outcomes of some epochs: each source lives in one shard, as in the product. */
function randomScript(): fc.Arbitrary<Outcome[][]> {
  const kinds = ['address_scan', 'port_scan', 'fan_out', 'stealth_scan'] as const;
  const deed = fc.record({
    epoch: fc.integer({ min: 1, max: EPOCHS + 1 }),
    source: fc.nat(2),
    kind: fc.constantFrom(...kinds),
    progress: fc.boolean(),
    early: fc.boolean(),
    ended: fc.boolean(),
    first: fc.nat(200),
  });
  return fc
    .array(fc.array(deed, { maxLength: 12 }), { minLength: SHARDS, maxLength: SHARDS })
    .map((deeds) => deeds.map((ofShard, shard) => outcomesOf(shard, ofShard)));
}

interface Deed {
  epoch: number;
  source: number;
  kind: Finding['kind'];
  progress: boolean;
  early: boolean;
  ended: boolean;
  first: number;
}

/** Of an epoch, in this order: an early outcome before its watermark, and the one that ends it. */
const PARTS = ['early', 'whole'] as const;

/**
 * The last outcome comes at the end of input and moves no watermark: deeds of epoch 41 are in it.
 */
function outcomesOf(shard: number, deeds: Deed[]): Outcome[] {
  const outcomes: Outcome[] = [];
  for (let epoch = 1; epoch <= EPOCHS; epoch++) {
    for (const part of PARTS) {
      const early = part === 'early';
      const own = deeds.filter((deed) => deed.epoch === epoch && deed.early === early);
      if (early && own.length === 0) continue;
      const judgedUs = endOf(epoch) - (early ? 50_000_000 : 0);
      outcomes.push({
        shard,
        watermarkUs: endOf(early ? epoch - 1 : epoch),
        final: false,
        ...saidBy(own, shard, judgedUs),
        suspects: early ? [] : suspectsOf(own, shard, epoch),
      });
    }
  }
  const last = deeds.filter((deed) => deed.epoch === EPOCHS + 1);
  const watermarkUs = endOf(EPOCHS);
  outcomes.push({ shard, watermarkUs, final: true, ...saidBy(last, shard, watermarkUs) });
  return outcomes;
}

function saidBy(deeds: Deed[], shard: number, judgedUs: number) {
  const findings: Finding[] = [];
  const progress: Activity[] = [];
  for (const [index, deed] of deeds.entries()) {
    const source = { ip: `203.0.113.${shard * 10 + deed.source}`, tunnel: 0 };
    const lastSeenUs = judgedUs;
    const activity = makeActivity({
      source,
      lastSeenUs,
      targets: hosts('198.51.100.', deed.first % 100, 120),
      exposed: [{ ip: '198.51.100.1', port: deed.first, proto: 'tcp' }],
    });
    if (deed.progress) progress.push(activity);
    else {
      const id = `${shard}-${judgedUs}-${index}`;
      const state = deed.ended ? 'ended' : 'started';
      findings.push(makeFinding({ id, kind: deed.kind, source, lastSeenUs, state, judgedUs }));
    }
  }
  return { findings, progress, suspects: [], traffic: null };
}

/** Sources that probed in the epoch; those of one `first` send the same probes, as decoys do. */
function suspectsOf(deeds: Deed[], shard: number, epoch: number): Suspect[] {
  const bySource = new Map(deeds.map((deed) => [deed.source, deed]));
  return [...bySource.values()].map((deed) => ({
    source: { ip: `203.0.113.${shard * 10 + deed.source}`, tunnel: 0 },
    epochStartUs: endOf(epoch - 1),
    judgedUs: endOf(epoch),
    fingerprint: '00000000000000aa',
    tool: null,
    raw: true,
    runKey: 0,
    proof: deed.source === 0 ? 2 : 0,
    contacts: [1, 2, 3, 4].map((tuple) => ({
      target: '198.51.100.1',
      protocol: 6,
      port: deed.first % 2,
      tuple,
      timeUs: endOf(epoch) - 1000,
      open: false,
    })),
  }));
}

/** Plays the shards' outcomes interleaved as `schedule` says, advancing where `pauses` allows. */
function run(script: Outcome[][], schedule: number[], pauses: boolean[]): OutputEvent[] {
  const correlator = new Correlator({ shardCount: SHARDS, idleS: 600 });
  const queues = script.map((outcomes) => [...outcomes]);
  const events: OutputEvent[] = [];
  for (let turn = 0; queues.some((queue) => queue.length > 0); turn++) {
    const wanted = (schedule[turn] ?? turn) % SHARDS;
    const queue =
      queues[wanted].length > 0 ? queues[wanted] : queues.find((other) => other.length > 0);
    correlator.accept(structuredClone(queue?.shift() as Outcome));
    if (pauses[turn] !== false) events.push(...correlator.advance());
  }
  events.push(...correlator.end());
  return events;
}
