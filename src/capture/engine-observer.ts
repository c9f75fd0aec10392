import { BatchQueue } from './batch-queue.js';
import type { Input, Observer, ObserverEvents, ObserverStats } from './contract.js';
import type { BatchListener, Engine } from './engine.js';
import { interfaceError } from './interface-error.js';
import { readFiles } from './read-files.js';

/** The observer contract on top of an engine; what the two observers have in common. */
export class EngineObserver implements Observer {
  readonly #stop = new AbortController();
  #engine: Engine | undefined;
  #hasRun = false;
  #stats: ObserverStats = {};

  constructor(
    readonly name: Observer['name'],
    readonly openEngine: (onBatch: BatchListener) => Engine,
  ) {}

  /** Once per observer. */
  async run(input: Input, events: ObserverEvents): Promise<void> {
    if (this.#hasRun) throw new Error('an observer runs once');
    this.#hasRun = true;
    const engine = this.openEngine((shard, bytes) => batches.add(shard, bytes));
    const release = (size: number) => engine.release(size);
    const batches = new BatchQueue(events.batch, release, () => this.stop());
    this.#engine = engine;
    if (this.#stop.signal.aborted) engine.stop();
    try {
      await this.#read(engine, input, events).finally(() => engine.finish());
      await batches.drained();
    } finally {
      this.#stats = engine.stats();
      this.#engine = undefined;
      await engine.close();
    }
  }

  stop(): void {
    this.#stop.abort();
    this.#engine?.stop();
  }

  stats(): ObserverStats {
    return this.#engine ? this.#engine.stats() : this.#stats;
  }

  async #read(engine: Engine, input: Input, events: ObserverEvents): Promise<void> {
    if (input.kind === 'files') {
      return await readFiles(engine, input.paths, events, this.#stop.signal);
    }
    let refusal: { error: unknown } | undefined;
    const failure = await engine.watch(input, async () => {
      try {
        await events.opened?.();
      } catch (error) {
        refusal = { error };
        this.stop();
      }
    });
    if (refusal) throw refusal.error;
    if (failure?.kind === 'live-failed') {
      throw interfaceError(input.name, failure.problem, failure.reason);
    }
  }
}
