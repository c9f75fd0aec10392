import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../packages/plugin-api/src/finding.js';
import {
  hosts,
  makeActivity,
  makeFinding,
  TEST_TIME_US,
} from '../../packages/plugin-api/src/testkit/findings.js';
import { Correlator, type OutputEvent } from './correlator.js';

/** The end of the n-th second. */
const at = (second: number): number => TEST_TIME_US + second * 1_000_000;

describe('correlator: order', () => {
  it('gives the same events however the shards ran apart', () => {
    const script = randomScript();
    fc.assert(
      fc.property(
        script,
        fc.array(fc.nat(3), { maxLength: 300 }),
        fc.array(fc.boolean(), { maxLength: 60 }),
        (outcomes, schedule, pauses) => {
          const inTurn = run(outcomes, [], []);
          expect(run(outcomes, schedule, pauses)).toEqual(inTurn);
        },
      ),
      { numRuns: 60 },
    );
  });
});

const SHARDS = 3;
type Outcome = Parameters<Correlator['accept']>[0];

/** Per shard, the outcomes of some epochs: each source lives in one shard, as in the product. */
function randomScript(): fc.Arbitrary<Outcome[][]> {
  const kinds = ['address_scan', 'port_scan', 'fan_out', 'stealth_scan'] as const;
  const deed = fc.record({
    second: fc.integer({ min: 1, max: 40 }),
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
  second: number;
  source: number;
  kind: Finding['kind'];
  progress: boolean;
  early: boolean;
  ended: boolean;
  first: number;
}

/**
 * Epochs 100 s long, so that incidents also close; an early outcome comes before its epoch's
 * watermark.
 */
function outcomesOf(shard: number, deeds: Deed[]): Outcome[] {
  const outcomes: Outcome[] = [];
  const endOf = (second: number): number => at(second * 100);
  for (let second = 1; second <= 40; second++) {
    for (const early of [true, false]) {
      const own = deeds.filter((deed) => deed.second === second && deed.early === early);
      if (early && own.length === 0) continue;
      const source = (deed: Deed) => ({ ip: `203.0.113.${shard * 10 + deed.source}`, tunnel: 0 });
      const lastSeenUs = endOf(second) - 5;
      outcomes.push({
        shard,
        watermarkUs: endOf(early ? second - 1 : second),
        final: second === 40 && !early,
        findings: own
          .filter((deed) => !deed.progress)
          .map((deed, index) =>
            makeFinding({
              id: `${shard}-${second}-${early}-${index}`,
              kind: deed.kind,
              source: source(deed),
              lastSeenUs,
              state: deed.ended ? 'ended' : 'started',
              judgedUs: endOf(second),
            }),
          ),
        progress: own
          .filter((deed) => deed.progress)
          .map((deed) =>
            makeActivity({
              source: source(deed),
              lastSeenUs,
              targets: hosts('198.51.100.', deed.first % 100, 120),
              exposed: [{ ip: '198.51.100.1', port: deed.first, proto: 'tcp' }],
            }),
          ),
      });
    }
  }
  return outcomes;
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
