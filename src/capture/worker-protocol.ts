/** What crosses between a WorkerEngine and its worker (`typescript-worker.ts`). */
import type { ObserverOptions, ObserverStats } from './contract.js';
import type { EngineFailure } from './engine.js';

/** The first message. */
export interface WorkerSettings {
  options: ObserverOptions;
  control: SharedArrayBuffer;
}

/** Each is answered by one `done`, in order. */
export type WorkerCommand =
  | { verb: 'read-file'; path: string }
  | { verb: 'push'; piece: Uint8Array }
  | { verb: 'end-stream' }
  | { verb: 'tick'; nowUs: number }
  | { verb: 'finish' };

export type WorkerMessage =
  | { kind: 'batch'; shard: number; bytes: Uint8Array }
  | { kind: 'done'; failure: EngineFailure | undefined; stats: ObserverStats }
  | { kind: 'stats'; stats: ObserverStats };

/** As `OUTSTANDING_SIZE_MAX` of native/node/runner.cc. */
const OUTSTANDING_SIZE_MAX = 40 * 1024 * 1024;

/**
 * Memory that both threads see, since the worker does not return to its loop while it reads:
 * Int32Array[2] of stop flag and outstanding bytes, then Float64Array[1] of bytes read.
 */
export class WorkerControl {
  static readonly SIZE = 16;
  static readonly #STOP = 0;
  static readonly #OUTSTANDING = 1;
  readonly #words: Int32Array;
  readonly #readBytes: Float64Array;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory, 0, 2);
    this.#readBytes = new Float64Array(memory, 8, 1);
  }

  stop(): void {
    Atomics.store(this.#words, WorkerControl.#STOP, 1);
  }

  get isStopped(): boolean {
    return Atomics.load(this.#words, WorkerControl.#STOP) === 1;
  }

  /** Torn reads are impossible for aligned 64 bits on what Node runs on; it is for show anyway. */
  get readBytes(): number {
    return this.#readBytes[0] as number;
  }

  set readBytes(size: number) {
    this.#readBytes[0] = size;
  }

  /** Worker: takes up room for a batch, blocking until there is some. A huge one goes alone. */
  take(size: number): void {
    const at = WorkerControl.#OUTSTANDING;
    for (;;) {
      const outstanding = Atomics.load(this.#words, at);
      if (outstanding === 0 || outstanding + size <= OUTSTANDING_SIZE_MAX) break;
      Atomics.wait(this.#words, at, outstanding);
    }
    Atomics.add(this.#words, at, size);
  }

  /** Main thread: gives room back. */
  release(size: number): void {
    Atomics.sub(this.#words, WorkerControl.#OUTSTANDING, size);
    Atomics.notify(this.#words, WorkerControl.#OUTSTANDING);
  }
}
