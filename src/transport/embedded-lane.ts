/** One worker thread of the embedded transport: its credits, its outbox and its life. */
import { PicketError } from '../shared/errors.js';
import type { ShardOutcome } from './contract.js';
import type { Answer, FromWorker, LaneThread, ToWorker } from './embedded-protocol.js';

export interface LaneOptions {
  /** Thread name, in errors. */
  name: string;
  shards: number[];
  /** Called once, by `start`. */
  openThread: (name: string) => LaneThread;
  settings: unknown;
  waitingBatchesMax: number;
  waitingBytesMax: number;
}

export interface LaneEvents {
  /** `ofBatch` is false for the last outcome of a shard, which answers no batch. */
  outcome(outcome: ShardOutcome, ofBatch: boolean): void;
  rejected(reason: string, count: number): void;
  /** At most once. */
  failed(failure: PicketError): void;
}

interface Entry {
  batch: Uint8Array;
  size: number;
}

interface Applicant extends Entry {
  accept(): void;
  reject(failure: PicketError): void;
}

/**
 * Batches in one message: a credit comes back with the answers, so this is far below the credits.
 */
const GROUP_MAX = 32;

export class EmbeddedLane {
  readonly #options: LaneOptions;
  readonly #events: LaneEvents;
  #worker: LaneThread | null = null;
  /** The thread has said its last word, or is gone. */
  #over: Promise<void> = Promise.resolve();
  #markOver: () => void = () => {};
  /** Published, waiting for a credit: callers that do not await `publish` pile up here. */
  #applicants: Applicant[] = [];
  /** Accepted, not sent: before `start`, or until the end of this turn of the event loop. */
  #outbox: Entry[] = [];
  /** Sizes of the batches accepted and not answered, oldest first. */
  #unanswered: number[] = [];
  #unansweredSize = 0;
  #flushScheduled = false;
  #idleWaiters: (() => void)[] = [];
  #startWaiter: { resolve(): void; reject(failure: PicketError): void } | null = null;
  #ended = false;
  #failure: PicketError | null = null;

  constructor(options: LaneOptions, events: LaneEvents) {
    this.#options = options;
    this.#events = events;
  }

  /** Resolves once the batch has a credit; `accepted` runs at that moment. */
  push(shard: number, batch: Uint8Array, accepted: () => void): Promise<void> {
    if (!this.#options.shards.includes(shard))
      throw new Error(`shard ${shard} is not of ${this.#options.name}`);
    const entry: Entry = { batch, size: batch.byteLength };
    if (this.#applicants.length === 0 && this.#hasCredit(entry.size)) {
      accepted();
      this.#accept(entry);
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const accept = (): void => {
        accepted();
        resolve();
      };
      this.#applicants.push({ ...entry, accept, reject });
    });
  }

  start(): Promise<void> {
    const { name, shards, openThread, settings } = this.#options;
    const worker = openThread(name);
    this.#worker = worker;
    worker.on('message', (message: FromWorker) => this.#onMessage(message));
    worker.on('messageerror', (error) => this.#fail(error));
    worker.on('error', (error) => this.#fail(error));
    this.#over = new Promise((resolve) => {
      this.#markOver = resolve;
    });
    worker.on('exit', (code) => {
      if (!this.#ended) this.#fail(new Error(`exit status ${code}`));
      this.#markOver();
    });
    this.#send({ type: 'assign', assignment: { shards, settings } }, []);
    return new Promise((resolve, reject) => {
      this.#startWaiter = { resolve, reject };
    });
  }

  /** Resolves when nothing waits, or nothing ever will be judged again. */
  drain(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  async close(): Promise<void> {
    if (!this.#worker) this.abandon(null);
    await this.drain();
    if (this.#worker && !this.#failure) {
      this.#flush();
      this.#send({ type: 'end' }, []);
    }
    if (this.#worker && this.#failure) await this.#worker.terminate();
    await this.#over;
  }

  /** Gives up: what waits is counted as rejected, and whoever waits is told. Idempotent. */
  abandon(failure: PicketError | null): void {
    this.#failure ??= failure;
    const lost = this.#unanswered.length;
    this.#unanswered = [];
    this.#unansweredSize = 0;
    this.#outbox = [];
    if (lost > 0) this.#events.rejected(failure ? failure.code : 'not-started', lost);
    const reason =
      failure ?? new PicketError('transport-closed', 'The transport was closed before it started.');
    for (const applicant of this.#applicants.splice(0)) applicant.reject(reason);
    this.#startWaiter?.reject(reason);
    this.#startWaiter = null;
    this.#wakeIfIdle();
  }

  #accept(entry: Entry): void {
    this.#unanswered.push(entry.size);
    this.#unansweredSize += entry.size;
    this.#outbox.push(entry);
    if (!this.#worker || this.#flushScheduled) return;
    this.#flushScheduled = true;
    setImmediate(() => this.#flush());
  }

  #hasCredit(size: number): boolean {
    if (this.#unanswered.length === 0) return true;
    const { waitingBatchesMax, waitingBytesMax } = this.#options;
    return (
      this.#unanswered.length < waitingBatchesMax && this.#unansweredSize + size <= waitingBytesMax
    );
  }

  #flush(): void {
    this.#flushScheduled = false;
    while (this.#outbox.length > 0) {
      const batches = this.#outbox.splice(0, GROUP_MAX).map((entry) => owned(entry.batch));
      this.#send({ type: 'judge', batches }, [
        ...new Set(batches.map((batch) => batch.buffer as ArrayBuffer)),
      ]);
    }
  }

  #send(message: ToWorker, transfer: ArrayBuffer[]): void {
    const worker = this.#worker;
    if (!worker || this.#failure) return;
    try {
      worker.postMessage(message, transfer);
    } catch (error) {
      if (!(error instanceof DOMException) || message.type !== 'judge') throw error;
      // Memory owned by the addon may refuse to change threads; its bytes are copied then.
      worker.postMessage({ ...message, batches: message.batches.map((batch) => batch.slice()) });
    }
  }

  #onMessage(message: FromWorker): void {
    if (this.#failure) return;
    try {
      if (message.type === 'ready') this.#onReady();
      else if (message.type === 'judged') this.#onJudged(message.answers);
      else this.#onEnded(message.outcomes);
    } catch (error) {
      // The consumer of outcomes failed: an output, usually, and its error is what people must see.
      if (!(error instanceof PicketError)) throw error;
      this.#fail(error);
    }
  }

  #onReady(): void {
    this.#startWaiter?.resolve();
    this.#startWaiter = null;
    this.#flush();
  }

  #onJudged(answers: Answer[]): void {
    for (const answer of answers) {
      this.#unansweredSize -= this.#unanswered.shift() ?? 0;
      if ('outcome' in answer) this.#events.outcome(answer.outcome, true);
      else this.#events.rejected(answer.rejected, 1);
    }
    this.#admit();
    this.#wakeIfIdle();
  }

  #onEnded(outcomes: ShardOutcome[]): void {
    this.#ended = true;
    for (const outcome of outcomes) this.#events.outcome(outcome, false);
    // It only gives its memory back now, which takes longer than what is left to say.
    this.#worker?.unref();
    this.#markOver();
  }

  #admit(): void {
    let admitted = 0;
    for (const applicant of this.#applicants) {
      if (!this.#hasCredit(applicant.size)) break;
      applicant.accept();
      this.#accept(applicant);
      admitted++;
    }
    this.#applicants.splice(0, admitted);
  }

  #isIdle(): boolean {
    return this.#unanswered.length === 0 && this.#applicants.length === 0;
  }

  #wakeIfIdle(): void {
    if (!this.#isIdle()) return;
    for (const wake of this.#idleWaiters.splice(0)) wake();
  }

  #fail(error: unknown): void {
    if (this.#failure) return;
    this.#events.failed(asFailure(error, this.#options));
  }
}

/**
 * The batch on a buffer of its own: transferring a view would detach its neighbours in a shared
 * pool.
 */
function owned(batch: Uint8Array): Uint8Array {
  const whole = batch.byteLength === batch.buffer.byteLength && batch.buffer instanceof ArrayBuffer;
  // `Buffer.slice` shares memory, so the copy is made by the plain class.
  return whole ? new Uint8Array(batch.buffer) : Uint8Array.from(batch);
}

function asFailure(error: unknown, { name, shards }: LaneOptions): PicketError {
  if (error instanceof PicketError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new PicketError(
    'worker-died',
    `Detection worker ${name} (shards ${shards.join(', ')}) ended unexpectedly: ${why}. ` +
      'What it had not judged is lost and counted; restart picket, and report this if it recurs.',
    { cause: error },
  );
}
