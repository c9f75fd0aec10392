import type { Worker } from 'node:worker_threads';
import { watchInterface } from '../../packages/observer/src/capture/live-source.js';
import { PicketError } from '../shared/errors.js';
import { processArguments, threadFile } from '../shared/program-file.js';
import { OBSERVER_THREAD, takeThread } from '../shared/threads.js';
import type { ObserverOptions, ObserverStats } from './contract.js';
import type { BatchListener, Engine, EngineFailure, WatchInput } from './engine.js';
import { Lately } from './lately.js';
import {
  type WorkerCommand,
  WorkerControl,
  type WorkerMessage,
  type WorkerSettings,
} from './worker-protocol.js';

/** Counters that the addon's capture keeps. `cap` cannot tell what the kernel lost. */
const CAPTURE_STATS: ObserverStats = {
  capture_kernel_dropped: 0,
  capture_interface_dropped: 0,
  capture_losses_unknown: 0,
  batches_dropped: 0,
};

interface Pending {
  resolve(failure: EngineFailure | undefined): void;
  reject(error: Error): void;
}

/** The TypeScript observer's thread. It ends commands in the order they were given. */
export class WorkerEngine implements Engine {
  readonly #worker: Worker;
  readonly #control: WorkerControl;
  readonly #onBatch: BatchListener;
  readonly #pending: Pending[] = [];
  readonly #stop = new AbortController();
  readonly #exited: Promise<void>;
  #failure: PicketError | undefined;
  #isClosed = false;
  #stats: ObserverStats = {};
  #captureStats = CAPTURE_STATS;
  /** Microseconds from a piece's leaving the capturing process to its having been observed. */
  #lag: Lately | undefined;

  constructor(options: ObserverOptions, onBatch: BatchListener) {
    const control = new SharedArrayBuffer(WorkerControl.SIZE);
    this.#control = new WorkerControl(control);
    this.#onBatch = onBatch;
    this.#worker = takeThread(threadFile(OBSERVER_THREAD), 'picket-observer');
    this.#worker.on('message', (message: WorkerMessage) => this.#take(message));
    this.#worker.on('error', (error) => this.#fail(error.message, error));
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', (status) => {
        if (!this.#isClosed) this.#fail(`it ended with status ${status}`);
        resolve();
      });
    });
    const settings: WorkerSettings = { options, control };
    this.#worker.postMessage(settings);
  }

  readFile(path: string): Promise<EngineFailure | undefined> {
    return this.#order({ verb: 'read-file', path });
  }

  async push(piece: Uint8Array): Promise<void> {
    // A copy that can be moved: a piece may be a view into a larger buffer of Node's own.
    const own = new Uint8Array(piece);
    await this.#order({ verb: 'push', piece: own }, [own.buffer]);
  }

  endStream(): Promise<EngineFailure | undefined> {
    return this.#order({ verb: 'end-stream' });
  }

  async watch(input: WatchInput, opened: () => Promise<void>): Promise<EngineFailure | undefined> {
    // An answer says that the thread has loaded: once open, nothing more may be read from disk.
    await this.push(new Uint8Array());
    const lag = new Lately();
    this.#lag = lag;
    const sink = {
      opened,
      push: (piece: Uint8Array) => this.push(piece),
      tick: async (nowUs: number) => {
        await this.#order({ verb: 'tick', nowUs });
        lag.note(Date.now() * 1000 - nowUs, Date.now());
      },
    };
    this.#captureStats = { ...CAPTURE_STATS, capture_losses_unknown: 1 };
    const failure = await watchInterface(
      input,
      processArguments('packages/observer/src/capture/live-process'),
      sink,
      this.#stop.signal,
    );
    // The next capture process begins a stream of its own; this one's may end in a packet's middle.
    await this.endStream();
    if (failure === undefined) return undefined;
    const { problem, wasOpen, detail } = failure;
    return { kind: 'live-failed', problem, wasOpen, reason: detail };
  }

  async finish(): Promise<void> {
    await this.#order({ verb: 'finish' });
  }

  stop(): void {
    this.#control.stop();
    this.#stop.abort();
  }

  release(size: number): void {
    this.#control.release(size);
  }

  readBytes(): number {
    return this.#control.readBytes;
  }

  stats(): ObserverStats {
    const stats = { ...this.#stats, ...this.#captureStats };
    return this.#lag ? { ...stats, lag_us: this.#lag.most(Date.now()) } : stats;
  }

  async close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      await this.#worker.terminate();
    }
    await this.#exited;
  }

  #order(command: WorkerCommand, transfer: ArrayBuffer[] = []): Promise<EngineFailure | undefined> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      this.#pending.push({ resolve, reject });
      this.#worker.postMessage(command, transfer);
    });
  }

  #take(message: WorkerMessage): void {
    if (message.kind === 'batch') {
      this.#onBatch(message.shard, message.bytes);
      return;
    }
    this.#stats = message.stats;
    if (message.kind === 'done') this.#pending.shift()?.resolve(message.failure);
  }

  #fail(reason: string, cause?: Error): void {
    const what = `The TypeScript observer's thread failed: ${reason}.`;
    this.#failure ??= new PicketError('worker-died', what, { cause });
    for (const { reject } of this.#pending.splice(0)) reject(this.#failure);
  }
}
