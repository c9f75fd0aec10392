/** The worker side of the embedded transport: the thread's entry file calls `serve` once. */
import { parentPort, workerData } from 'node:worker_threads';
import type { ShardOutcome } from './contract.js';
import type { Answer, Assignment, FromWorker, ToWorker } from './embedded-protocol.js';

/** Judges batches one at a time, synchronously, without I/O of its own. */
export interface Judge {
  /** @throws PicketError `batch-invalid`; any other error ends the worker. */
  accept(batch: Uint8Array): ShardOutcome;
  /** The last outcome of each shard, `final` set. */
  end(): ShardOutcome[];
}

/** The shards this thread owns, and the settings its transport was given. */
export function assignment(): Assignment {
  return workerData as Assignment;
}

/** Serves this thread's shards until the transport closes. */
export function serve(judge: Judge): void {
  const port = parentPort;
  if (!port) throw new Error('serve was called outside a worker thread');
  const send = (message: FromWorker): void => port.postMessage(message);
  port.on('message', (message: ToWorker) => {
    if (message.type === 'judge') {
      send({ type: 'judged', answers: message.batches.map((batch) => answer(judge, batch)) });
      return;
    }
    send({ type: 'ended', outcomes: judge.end() });
    port.close();
  });
  send({ type: 'ready' });
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
