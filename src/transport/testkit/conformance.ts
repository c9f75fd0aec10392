/** The suite every transport must pass. An implementation's test calls `describeTransport`. */
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { ShardOutcome, Transport } from '../contract.js';
import { ToyAction, toyBatch } from './toy-judge.js';

/** A transport whose workers serve a `ToyJudge`. */
export interface Rig {
  transport: Transport;
  /** Batches accepted and not judged, at most. */
  waitingMax: number;
  /** Holds every worker before its next batch, and lets them go. */
  hold(): void;
  release(): void;
}

export type MakeRig = (options: { shardCount: number; workers: number; waitingMax: number }) => Rig;

const SHARDS = 4;

/** `skip`: what it needs is not on this machine; the name says what. */
export function describeTransport(name: string, make: MakeRig, { skip = false } = {}): void {
  describe.skipIf(skip)(`transport: ${name}`, () => {
    const rigs: Rig[] = [];
    const outcomes: ShardOutcome[] = [];
    const open = async (workers: number, waitingMax = 8): Promise<Rig> => {
      const rig = make({ shardCount: SHARDS, workers, waitingMax });
      rigs.push(rig);
      outcomes.length = 0;
      await rig.transport.start((outcome) => outcomes.push(outcome));
      return rig;
    };
    afterEach(async () => {
      for (const rig of rigs.splice(0)) {
        rig.release();
        await rig.transport.close();
      }
    });

    it.each([1, 3, SHARDS])(
      'judges everything in order per shard with %i workers',
      async (workers) => {
        const { transport } = await open(workers);
        for (let sequence = 1; sequence <= 40; sequence++) {
          for (let shard = 0; shard < SHARDS; shard++)
            await transport.publish(shard, toyBatch(shard, sequence));
        }
        await transport.drain();
        const expected = Array.from({ length: 40 }, (_, index) => index + 1);
        for (let shard = 0; shard < SHARDS; shard++)
          expect(firstSeen(outcomes, shard)).toEqual(expected);
        expect(transport.stats()).toMatchObject({ batchesPublished: 160, rejected: {} });
        expect(transport.stats().bytesPublished).toBe(160 * toyBatch(0, 0).byteLength);
      },
    );

    it('reports a batch only after everything before it on its shard was reported', async () => {
      const { transport } = await open(2);
      const reported: number[] = [];
      for (let sequence = 1; sequence <= 10; sequence++) {
        await transport.publish(1, toyBatch(1, sequence));
        await transport.drain();
        reported.push(outcomes.length);
      }
      expect(reported.every((count, index) => count >= index + 1)).toBe(true);
    });

    it('forgets none that comes while a round of work is just ending', async () => {
      const { transport } = await open(1);
      for (let round = 1; round <= 300; round++) {
        await transport.publish(0, toyBatch(0, 2 * round));
        // From no pause at all to longer than a round takes.
        for (let turn = 0; turn < round % 30; turn++) await new Promise(setImmediate);
        await transport.publish(0, toyBatch(0, 2 * round + 1));
        await transport.drain();
      }
      expect(transport.stats().batchesJudged).toBe(600);
    });

    it('drains at once when nothing was published', async () => {
      const { transport } = await open(1);
      await transport.drain();
      expect(outcomes).toEqual([]);
    });

    it('makes publish wait while the workers are held, then go on', async () => {
      const rig = await open(1);
      rig.hold();
      let resolved = 0;
      const publishing = Array.from({ length: 3 * rig.waitingMax }, async (_, index) => {
        await rig.transport.publish(index % SHARDS, toyBatch(index % SHARDS, index));
        resolved++;
      });
      for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
      expect(resolved).toBeLessThanOrEqual(rig.waitingMax);
      rig.release();
      await Promise.all(publishing);
      await rig.transport.drain();
      expect(rig.transport.stats().batchesJudged).toBe(3 * rig.waitingMax);
      expect(rig.transport.stats().depthMax).toBeLessThanOrEqual(rig.waitingMax);
      expect(rig.transport.stats().depthMax).toBeGreaterThan(0);
    });

    it('loses nothing that was published when closed while busy', async () => {
      const rig = await open(2);
      rig.hold();
      const count = 2 * rig.waitingMax;
      const publishing = Array.from({ length: count }, (_, index) =>
        rig.transport.publish(index % SHARDS, toyBatch(index % SHARDS, index + 1)),
      );
      const closing = rig.transport.close();
      rig.release();
      await Promise.all([...publishing, closing]);
      const judged = outcomes
        .filter((outcome) => !outcome.final)
        .map((outcome) => outcome.watermarkUs);
      expect(new Set(judged).size).toBe(count);
    });

    it('ends every shard exactly once, after all its batches', async () => {
      const { transport } = await open(2);
      await transport.publish(2, toyBatch(2, 7));
      await transport.close();
      const finals = outcomes.filter((outcome) => outcome.final).map((outcome) => outcome.shard);
      expect(finals.sort()).toEqual([0, 1, 2, 3]);
      expect(outcomes.findIndex((outcome) => outcome.watermarkUs === 7)).toBeLessThan(
        outcomes.findIndex((outcome) => outcome.final && outcome.shard === 2),
      );
    });

    it('counts a poison batch by reason and judges the ones around it', async () => {
      const { transport } = await open(1);
      await transport.publish(0, toyBatch(0, 1));
      await transport.publish(0, toyBatch(0, 2, ToyAction.poison));
      await transport.publish(0, toyBatch(0, 3));
      await transport.drain();
      expect(firstSeen(outcomes, 0)).toEqual([1, 3]);
      expect(transport.stats()).toMatchObject({
        batchesPublished: 3,
        batchesJudged: 2,
        rejected: { 'batch-invalid': 1 },
      });
    });

    it('rejects publish after close', async () => {
      const { transport } = await open(1);
      await transport.close();
      await expect(transport.publish(0, toyBatch(0, 1))).rejects.toMatchObject({
        code: 'transport-closed',
      });
    });

    it('closes twice without ending a shard twice', async () => {
      const { transport } = await open(1);
      await Promise.all([transport.close(), transport.close()]);
      await transport.close();
      expect(outcomes.filter((outcome) => outcome.final)).toHaveLength(SHARDS);
    });

    it('refuses a shard that does not exist', async () => {
      const { transport } = await open(1);
      await expect(transport.publish(SHARDS, toyBatch(0, 1))).rejects.toThrow(RangeError);
      await expect(transport.publish(-1, toyBatch(0, 1))).rejects.toThrow(RangeError);
    });

    it('keeps its promises under random interleavings', async () => {
      await fc.assert(
        fc.asyncProperty(scenario(), async ({ workers, waitingMax, steps }) => {
          const rig = await open(workers, waitingMax);
          const expected = await play(rig, steps);
          await rig.transport.close();
          const stats = rig.transport.stats();
          for (let shard = 0; shard < SHARDS; shard++)
            expect(firstSeen(outcomes, shard)).toEqual(expected.judged[shard]);
          expect(stats.rejected['batch-invalid'] ?? 0).toBe(expected.poisoned);
          expect(stats.batchesPublished).toBe(stats.batchesJudged + expected.poisoned);
          expect(stats.depthMax).toBeLessThanOrEqual(rig.waitingMax);
        }),
        { numRuns: 20 },
      );
    }, 60_000);
  });
}

type Step =
  | { do: 'publish'; shard: number; poison: boolean; padding: number; wait: boolean }
  | { do: 'drain' | 'hold' | 'release' | 'turn' };

function scenario(): fc.Arbitrary<{ workers: number; waitingMax: number; steps: Step[] }> {
  const publish = fc.record({
    do: fc.constant('publish' as const),
    shard: fc.nat(SHARDS - 1),
    poison: fc.boolean(),
    padding: fc.nat(5000),
    wait: fc.boolean(),
  });
  const other = fc.record({
    do: fc.constantFrom('drain' as const, 'hold' as const, 'release' as const, 'turn' as const),
  });
  return fc.record({
    workers: fc.integer({ min: 1, max: SHARDS }),
    waitingMax: fc.integer({ min: 1, max: 9 }),
    steps: fc.array(fc.oneof({ weight: 5, arbitrary: publish }, { weight: 1, arbitrary: other }), {
      maxLength: 80,
    }),
  });
}

/** Plays the steps. A held transport is released before anything that would wait for it. */
async function play(rig: Rig, steps: Step[]): Promise<{ judged: number[][]; poisoned: number }> {
  const judged: number[][] = Array.from({ length: SHARDS }, () => []);
  const publishing: Promise<void>[] = [];
  let poisoned = 0;
  for (const [index, step] of steps.entries()) {
    if (step.do === 'hold') rig.hold();
    if (step.do === 'turn') await new Promise(setImmediate);
    if (step.do === 'release' || step.do === 'drain' || (step.do === 'publish' && step.wait))
      rig.release();
    if (step.do === 'drain') await rig.transport.drain();
    if (step.do !== 'publish') continue;
    const action = step.poison ? ToyAction.poison : ToyAction.judge;
    if (step.poison) poisoned++;
    else judged[step.shard].push(index + 1);
    const published = rig.transport.publish(
      step.shard,
      toyBatch(step.shard, index + 1, action, step.padding),
    );
    publishing.push(published);
    if (step.wait) await published;
  }
  rig.release();
  await Promise.all(publishing);
  return { judged, poisoned };
}

/**
 * The sequences reported for a shard, redeliveries left out: at least once is all that is promised.
 */
function firstSeen(outcomes: ShardOutcome[], shard: number): number[] {
  const own = outcomes.filter((outcome) => outcome.shard === shard && !outcome.final);
  return [...new Set(own.map((outcome) => outcome.watermarkUs))];
}
