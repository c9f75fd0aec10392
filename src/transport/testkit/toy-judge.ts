/**
 * A judge for transport tests. A toy batch is 6 bytes and padding:
 *   0 shard u8 | 1 action u8 (ToyAction) | 2 sequence u32 little-endian | padding
 * The outcome's watermark is the sequence; `losses` tells the padding's size and how many came
 * before.
 */
import { PicketError } from '../../shared/errors.js';
import type { ShardOutcome } from '../contract.js';
import type { Assignment } from '../embedded-protocol.js';

export const ToyAction = { judge: 0, poison: 1, crash: 2, exit: 3 } as const;
export type ToyActionCode = (typeof ToyAction)[keyof typeof ToyAction];

const HEADER_SIZE = 6;

export function toyBatch(
  shard: number,
  sequence: number,
  action: ToyActionCode = ToyAction.judge,
  padding = 0,
): Uint8Array {
  const batch = new Uint8Array(HEADER_SIZE + padding);
  batch[0] = shard;
  batch[1] = action;
  new DataView(batch.buffer).setUint32(2, sequence, true);
  return batch;
}

/**
 * A gate in shared memory that holds the judge, so that tests need no clock. Index 0: 1 is closed.
 */
export function createGate(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4));
}

export function setGate(gate: Int32Array, closed: boolean): void {
  Atomics.store(gate, 0, closed ? 1 : 0);
  Atomics.notify(gate, 0);
}

export class ToyJudge {
  readonly #judged = new Map<number, number>();

  constructor(
    readonly shards: number[],
    readonly gate: Int32Array,
  ) {}

  accept(batch: Uint8Array): ShardOutcome {
    Atomics.wait(this.gate, 0, 1);
    const shard = batch[0];
    const action = batch[1];
    if (!this.shards.includes(shard))
      throw new Error(`shard ${shard} came to the worker of ${this.shards}`);
    if (action === ToyAction.poison)
      throw new PicketError('batch-invalid', 'The toy batch is poisoned.');
    if (action === ToyAction.crash) throw new Error('the toy judge crashed');
    if (action === ToyAction.exit) process.exit(3);
    const before = this.#judged.get(shard) ?? 0;
    this.#judged.set(shard, before + 1);
    const sequence = new DataView(batch.buffer, batch.byteOffset).getUint32(2, true);
    return toyOutcome(shard, sequence, false, { padding: batch.byteLength - HEADER_SIZE, before });
  }

  end(): ShardOutcome[] {
    return this.shards.map((shard) =>
      toyOutcome(shard, 0, true, { before: this.#judged.get(shard) ?? 0 }),
    );
  }
}

/** `settings` hold the gate. */
export function openToyJudge({ shards, settings }: Assignment): ToyJudge {
  return new ToyJudge(shards, (settings as { gate: Int32Array }).gate);
}

function toyOutcome(
  shard: number,
  watermarkUs: number,
  final: boolean,
  losses: Record<string, number>,
): ShardOutcome {
  const quiet = { findings: [], progress: [], suspects: [], traffic: null };
  return { shard, watermarkUs, final, ...quiet, losses };
}
