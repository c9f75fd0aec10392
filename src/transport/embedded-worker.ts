/** The worker side of the embedded transport: the thread's entry file calls `serve` once. */
import { parentPort } from 'node:worker_threads';
import type { ShardOutcome } from './contract.js';
import type { Answer, Assignment, FromWorker, ToWorker } from './embedded-protocol.js';

/** Judges batches one at a time, synchronously, without I/O of its own. */
export interface Judge {
  /** @throws PicketError `batch-invalid`; any other error ends the worker. */
  accept(batch: Uint8Array): ShardOutcome;
  /** The last outcome of each shard, `final` set. */
  end(): ShardOutcome[];
}

/** Makes the judge of the shards that a thread is told to own. */
export type OpenJudge = (assignment: Assignment) => Judge;

/** Answers a lane's messages, the first of which is the assignment. */
export class JudgeDesk {
  readonly #open: OpenJudge;
  #judge: Judge | undefined;

  constructor(open: OpenJudge) {
    this.#open = open;
  }

  answer(message: ToWorker): FromWorker {
    if (message.type === 'assign') {
      this.#judge = this.#open(message.assignment);
      return { type: 'ready' };
    }
    const judge = this.#judge as Judge;
    if (message.type === 'end') return { type: 'ended', outcomes: judge.end() };
    return { type: 'judged', answers: message.batches.map((batch) => judged(judge, batch)) };
  }
}

/**
 * Serves the shards this thread is told to own, with the judge that `open` makes for them, until
 * the transport closes.
 */
export function serve(open: OpenJudge): void {
  const port = parentPort;
  if (!port) throw new Error('serve was called outside a worker thread');
  const desk = new JudgeDesk(open);
  port.on('message', (message: ToWorker) => {
    port.postMessage(desk.answer(message));
    if (message.type === 'end') port.close();
  });
}

function judged(judge: Judge, batch: Uint8Array): Answer {
  try {
    return { outcome: judge.accept(batch) };
  } catch (error) {
    if (!isInvalidBatch(error)) throw error;
    return { rejected: error.reason ?? error.code };
  }
}

/** By code, not by class: a plugin host may have loaded the error module a second time. */
function isInvalidBatch(error: unknown): error is { code: string; reason?: string } {
  return error instanceof Error && 'code' in error && error.code === 'batch-invalid';
}
