/** The thread of the TypeScript observer: carries out commands one by one, blocking as it reads. */
import { readFileSync } from 'node:fs';
import { type MessagePort, parentPort } from 'node:worker_threads';
import { readCaptureFile } from '../../packages/observer/src/capture/file-source.js';
import { type Damage, CaptureParser } from '../../packages/observer/src/capture/parser.js';
import type { FrameSink } from '../../packages/observer/src/capture/record.js';
import { Pipeline } from '../../packages/observer/src/pipeline.js';
import type { EngineFailure } from './engine.js';
import {
  type WorkerCommand,
  WorkerControl,
  type WorkerMessage,
  type WorkerSettings,
} from './worker-protocol.js';

const STATS_PERIOD_MS = 100;
const BUSY_PERIOD_MS = 1000;
/** Of the thread that reads it: nanoseconds on a processor, waiting for one, time slices. */
const THREAD_TIMES = '/proc/thread-self/schedstat';

class ObserverThread {
  readonly #control: WorkerControl;
  readonly #pipeline: Pipeline;
  readonly #sink: FrameSink;
  #stream: CaptureParser | undefined;
  #statsSentMs = 0;
  #isLive = false;
  #busyUs: number | undefined;
  #busyReadMs = Number.NEGATIVE_INFINITY;

  constructor(
    readonly port: MessagePort,
    { options, control }: WorkerSettings,
  ) {
    this.#control = new WorkerControl(control);
    this.#pipeline = new Pipeline(options, (shard, bytes) => this.#sendBatch(shard, bytes));
    const pipeline = this.#pipeline;
    this.#sink = (bytes, from, captured, wire, timeUs, linkType) =>
      pipeline.frame(bytes, from, captured, wire, timeUs, linkType);
    port.on('message', (command: WorkerCommand) => {
      const failure = this.#carryOut(command);
      this.#send({ kind: 'done', failure, stats: this.#stats() });
    });
  }

  #carryOut(command: WorkerCommand): EngineFailure | undefined {
    switch (command.verb) {
      case 'read-file':
        return this.#readFile(command.path);
      case 'push':
        this.#stream ??= new CaptureParser(this.#sink);
        if (!this.#control.isStopped) this.#stream.push(command.piece);
        return undefined;
      case 'end-stream':
        return this.#endStream();
      case 'tick':
        this.#isLive = true;
        this.#pipeline.tick(command.nowUs);
        return undefined;
      case 'finish':
        this.#pipeline.finish();
        return undefined;
    }
  }

  #readFile(path: string): EngineFailure | undefined {
    const control = this.#control;
    control.readBytes = 0;
    try {
      const damage = readCaptureFile(path, this.#sink, {
        isStopped: () => control.isStopped,
        onRead: (size) => {
          control.readBytes += size;
          this.#sendStats();
        },
      });
      return failureOf(damage);
    } catch (error) {
      const { code, message, syscall } = error as NodeJS.ErrnoException;
      if (syscall !== 'open') throw error;
      return { kind: 'open-failed', code: code ?? '', reason: message };
    }
  }

  #endStream(): EngineFailure | undefined {
    const stream = this.#stream ?? new CaptureParser(this.#sink);
    // A stream that was stopped ends anywhere, which is no damage.
    if (!this.#control.isStopped) stream.end();
    this.#stream = undefined;
    return failureOf(stream.damage);
  }

  #sendBatch(shard: number, bytes: Uint8Array): void {
    this.#control.take(bytes.byteLength);
    const isOwn = bytes.byteLength === bytes.buffer.byteLength;
    const own = isOwn ? bytes : new Uint8Array(bytes);
    // Copied, not transferred: once a thread has given a buffer away, V8 looks at each access to
    // any typed array whether its buffer is still there, which costs more than batches gain.
    this.#send({ kind: 'batch', shard, bytes: own });
  }

  #sendStats(): void {
    const nowMs = performance.now();
    if (nowMs - this.#statsSentMs < STATS_PERIOD_MS) return;
    this.#statsSentMs = nowMs;
    this.#send({ kind: 'stats', stats: this.#stats() });
  }

  #stats() {
    const stats = Object.fromEntries(this.#pipeline.stats());
    const busyUs = this.#isLive ? this.#threadTimeUs() : undefined;
    return busyUs === undefined ? stats : { ...stats, busy_us: busyUs };
  }

  /** Processor time of this thread; undefined where the system does not tell. */
  #threadTimeUs(): number | undefined {
    const nowMs = performance.now();
    if (nowMs - this.#busyReadMs < BUSY_PERIOD_MS) return this.#busyUs;
    this.#busyReadMs = nowMs;
    try {
      this.#busyUs = Math.floor(Number.parseInt(readFileSync(THREAD_TIMES, 'latin1'), 10) / 1000);
    } catch {
      this.#busyUs = undefined;
    }
    return this.#busyUs;
  }

  #send(message: WorkerMessage): void {
    this.port.postMessage(message);
  }
}

function failureOf(damage: Damage | undefined): EngineFailure | undefined {
  return damage && { kind: 'damaged', ...damage };
}

if (!parentPort) throw new Error('typescript-worker runs as a worker thread');
const port = parentPort;
// What comes first are the settings.
port.once('message', (settings: WorkerSettings) => new ObserverThread(port, settings));
