/**
 * Stands in for the embedded transport's worker thread, in this thread: for a capture on few cores,
 * where a thread to begin, and what crosses to it and back as a copy, cost more than it takes over.
 * One message is answered in a turn of the event loop, so that capture and signals are heard.
 */
import { EventEmitter } from 'node:events';
import type { LaneThread, ToWorker } from './embedded-protocol.js';
import { JudgeDesk, type OpenJudge } from './embedded-worker.js';

export class SameThread extends EventEmitter implements LaneThread {
  readonly #desk: JudgeDesk;
  /** Not answered yet, oldest first. */
  #inbox: ToWorker[] = [];

  constructor(open: OpenJudge) {
    super();
    this.#desk = new JudgeDesk(open);
  }

  postMessage(message: ToWorker): void {
    this.#inbox.push(message);
    if (this.#inbox.length === 1) setImmediate(() => this.#work());
  }

  unref(): void {}

  /** What was not answered never will be. */
  async terminate(): Promise<void> {
    this.#inbox = [];
    this.emit('exit', 1);
  }

  #work(): void {
    const message = this.#inbox[0];
    if (message === undefined) return;
    let answer: ReturnType<JudgeDesk['answer']>;
    try {
      answer = this.#desk.answer(message);
    } catch (error) {
      this.#inbox = [];
      this.emit('error', error);
      return;
    }
    this.#inbox.shift();
    if (this.#inbox.length > 0) setImmediate(() => this.#work());
    this.emit('message', answer);
  }
}
