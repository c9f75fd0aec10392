import { setTimeout } from 'node:timers/promises';
import type { LiveProblem } from '../../packages/observer/src/capture/live-source.js';
import { PicketError } from '../shared/errors.js';
import { BatchQueue } from './batch-queue.js';
import type { Input, Observer, ObserverEvents, ObserverStats } from './contract.js';
import type { BatchListener, Engine, WatchInput } from './engine.js';
import { interfaceError } from './interface-error.js';
import { readFiles } from './read-files.js';

/** Between two tries to watch an interface that was taken down. */
const RETRY_MS = 1_000;
/** What passes by itself: links come back. */
const PASSING: readonly LiveProblem[] = ['interface-down', 'no-such-interface'];

/** The observer contract on top of an engine; what the two observers have in common. */
export class EngineObserver implements Observer {
  readonly #stop = new AbortController();
  #engine: Engine | undefined;
  #hasRun = false;
  #stats: ObserverStats = {};
  /** Of a live run: what its `stats` say beside the engine's. */
  #live: Record<'capture_interruptions' | 'capture_filter' | 'capture_relief', number> | undefined;
  #isAway = false;

  /** `ring` as in `WatchInput`. */
  constructor(
    readonly name: Observer['name'],
    readonly openEngine: (onBatch: BatchListener) => Engine,
    readonly ring: Pick<WatchInput, 'fanoutGroup' | 'countsInterfaceDrops'> = {
      fanoutGroup: 0,
      countsInterfaceDrops: true,
    },
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

  get isAway(): boolean {
    return this.#isAway;
  }

  stats(): ObserverStats {
    const stats = this.#engine ? this.#engine.stats() : this.#stats;
    return { ...stats, ...this.#live };
  }

  async #read(engine: Engine, input: Input, events: ObserverEvents): Promise<void> {
    if (input.kind === 'files') {
      return await readFiles(engine, input.paths, events, this.#stop.signal);
    }
    const live = {
      capture_interruptions: 0,
      capture_filter: input.hasOwnFilter === true ? 1 : 0,
      capture_relief: input.hasRelief === true ? 1 : 0,
    };
    this.#live = live;
    let refusal: { error: unknown } | undefined;
    const opened = async () => {
      this.#isAway = false;
      try {
        await events.opened?.();
      } catch (error) {
        refusal = { error };
        this.stop();
      }
    };
    for (let hasSeen = false; ; ) {
      const failure = await engine.watch({ ...input, ...this.ring }, opened);
      if (refusal) throw refusal.error;
      if (failure?.kind !== 'live-failed' || this.#stop.signal.aborted) return;
      const error = interfaceError(input.name, failure.problem, failure.reason);
      if (hasSeen && failure.problem === 'no-privileges') throw cannotReopen(input.name);
      hasSeen ||= failure.wasOpen;
      if (!hasSeen || !PASSING.includes(failure.problem)) throw error;
      if (failure.wasOpen) {
        this.#isAway = true;
        live.capture_interruptions++;
        events.interrupted?.(error.message);
        // What was seen is judged now, however long the link is away.
        await engine.finish();
      }
      await pause(RETRY_MS, this.#stop.signal);
    }
  }
}

/** Root, which could, was given up after the interface had been opened the first time. */
function cannotReopen(name: string): PicketError {
  return new PicketError(
    'interface-unavailable',
    `${name} is back and cannot be opened again: the privilege was given up. Start Picket again, ` +
      'use the native observer, whose capture thread keeps CAP_NET_RAW, or name --stay-root.',
  );
}

/** Resolves early when stopped. */
async function pause(ms: number, stop: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal: stop }).catch(() => {});
}
