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

/**
 * Serves the shards this thread is told to own, with the judge that `open` makes for them, until
 * the transport closes.
 */
export function serve(open: (assignment: Assignment) => Judge): void {
  const port = parentPort;
  if (!port) throw new Error('serve was called outside a worker thread');
  const send = (message: FromWorker): void => port.postMessage(message);
  let judge: Judge | undefined;
  port.on('message', (message: ToWorker) => {
    if (message.type === 'assign') {
      judge = open(message.assignment);
      send({ type: 'ready' });
      return;
    }
    // What comes first is the assignment.
    const judging = judge as Judge;
    if (message.type === 'judge') {
      send({ type: 'judged', answers: message.batches.map((batch) => answer(judging, batch)) });
      return;
    }
    send({ type: 'ended', outcomes: judging.end() });
    port.close();
  });
}

function answer(judge: Judge, batch: Uint8Array): Answer {
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
