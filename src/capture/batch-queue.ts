import type { ObserverEvents } from './contract.js';

/**
 * Hands batches to the handler one after the other, each awaited, and gives room back for each.
 * After the handler has failed, the rest is let go, so that the engine can come to its end.
 */
export class BatchQueue {
  #tail: Promise<void> = Promise.resolve();
  #failure: unknown;
  #hasFailed = false;

  constructor(
    readonly handler: ObserverEvents['batch'],
    readonly release: (size: number) => void,
    readonly onFailure: () => void,
  ) {}

  add(shard: number, bytes: Uint8Array): void {
    // A handler may transfer the bytes away: the size has to be known before.
    const size = bytes.byteLength;
    this.#tail = this.#tail.then(async () => {
      try {
        if (!this.#hasFailed) await this.handler(shard, bytes);
      } catch (error) {
        this.#hasFailed = true;
        this.#failure = error;
        this.onFailure();
      } finally {
        this.release(size);
      }
    });
  }

  /** Settles once all batches added so far are handled. @throws the handler's error, if any */
  async drained(): Promise<void> {
    await this.#tail;
    if (this.#hasFailed) throw this.#failure;
  }
}
