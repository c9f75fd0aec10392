/**
 * The whole flow in one place. The rooms are built in the order of the flow and started from the
 * end backwards, so that nothing is said before someone listens:
 *
 *   observer (capture, decode, observe) -> transport -> detect (src/worker.ts) -> correlate ->
 * output
 */
import type { Input, Observer, ObserverEvents } from './capture/contract.js';
import { LoadMeter } from './capture/load-meter.js';
import { type OpenedObserver, openObserver } from './capture/open-observer.js';
import type { PicketConfig } from './config/schema.js';
import { Correlator, type OutputEvent } from './correlate/correlator.js';
import type { Operational, Output } from './output/contract.js';
import {
  detectOptions,
  loadMeterOptions,
  observerOptions,
  workerCount,
} from './pipeline-options.js';
import { Allowlist } from './shared/allowlist.js';
import { sumOf } from './shared/counters.js';
import { threadFile } from './shared/program-file.js';
import { JUDGE_THREAD, takeThread } from './shared/threads.js';
import { compileLess } from './shared/v8-flags.js';
import type { ShardOutcome } from './transport/contract.js';
import { EmbeddedTransport } from './transport/embedded.js';
import type { OpenJudge } from './transport/embedded-worker.js';
import { SameThread } from './transport/same-thread.js';

export interface PipelineOptions {
  config: PicketConfig;
  input: Input;
  /** `canonical` for captures: the same output every time. `arrival` for live: as soon as known. */
  order: 'canonical' | 'arrival';
  outputs: readonly Output[];
  /** Taken instead of the one the configuration asks for; it may have begun to read. */
  observer?: Observer;
  /** With it, this thread judges, and no worker thread is begun. */
  openJudge?: OpenJudge;
  /**
   * With it, nothing is read before everything the program needs is loaded: whoever gives up root
   * may not be allowed to afterwards.
   */
  opened?: NonNullable<ObserverEvents['opened']>;
  progress?: NonNullable<ObserverEvents['progress']>;
  damage?: NonNullable<ObserverEvents['damage']>;
  interrupted?: NonNullable<ObserverEvents['interrupted']>;
}

/** Packet times of what was judged, microseconds, to the epoch; null before anything was. */
export interface Span {
  firstUs: number | null;
  lastUs: number | null;
}

export class Pipeline {
  readonly observer: Observer;
  /** Why the native observer could not be taken, as a clause; to be said once. */
  readonly fellBack: string | undefined;
  readonly #transport: EmbeddedTransport;
  readonly #correlator: Correlator;
  readonly #options: PipelineOptions;
  readonly #workers: number;
  /** Live only: how fast a capture is read is no business of its output's. */
  readonly #load: LoadMeter | null;
  /** By shard. */
  readonly #losses = new Map<number, Record<string, number>>();
  /** Packet time judged, microseconds, by shard. */
  readonly #watermarks = new Map<number, number>();
  readonly #span: Span = { firstUs: null, lastUs: null };
  #isComplete = false;

  /** @throws PicketError `observer-unavailable`. */
  constructor(options: PipelineOptions) {
    const { config, openJudge } = options;
    this.#options = options;
    this.#workers = openJudge ? 1 : workerCount(config);
    const live = options.input.kind === 'interface' ? options.input : null;
    const opened: OpenedObserver = options.observer
      ? { observer: options.observer }
      : openObserver(config.observer, observerOptions(config), live);
    this.observer = opened.observer;
    this.fellBack = opened.fellBack;
    this.#load = live && new LoadMeter(loadMeterOptions(config, live), performance.now());
    this.#transport = new EmbeddedTransport({
      shardCount: config.shards,
      workers: this.#workers,
      openThread: (name) =>
        openJudge ? new SameThread(openJudge) : takeThread(threadFile(JUDGE_THREAD), name),
      settings: detectOptions(config),
    });
    this.#correlator = new Correlator({
      shardCount: config.shards,
      order: options.order,
      idleS: config.correlate.idle_s,
      quietS: config.correlate.quiet_s,
      allowlisted: new Allowlist(config.allowlist).contains,
    });
  }

  /**
   * Runs until the input ends or `stop` is called. Then everything seen has been judged, said and
   * written, also when it ends with an error.
   * @throws PicketError as the observer and the transport do.
   */
  async run(): Promise<void> {
    const { input, outputs, opened, progress, damage, interrupted } = this.#options;
    // Reading begins while the workers load; the transport holds what they are not ready for.
    const started = this.#transport.start((outcome) => this.#correlate(outcome));
    started.then(
      () => compileLess(this.observer.name),
      () => this.observer.stop(),
    );
    try {
      if (opened) await started;
      await this.observer.run(input, {
        batch: async (shard, bytes) => {
          await Promise.all(outputs.map((output) => output.ready()));
          await this.#transport.publish(shard, bytes);
        },
        ...(opened && { opened }),
        ...(progress && { progress }),
        ...(damage && { damage }),
        ...(interrupted && { interrupted }),
      });
      await started;
      this.#isComplete = true;
    } finally {
      await this.#transport
        .close()
        // What `stats` says of lines written must not depend on who was quicker.
        .finally(() => Promise.all(outputs.map((output) => output.flush())))
        .finally(() => this.#say(this.#correlator.end()));
      // An input that never opened has nothing to tell.
      if (this.#isComplete || this.#span.lastUs !== null) this.reportStats();
      await Promise.all(outputs.map((output) => output.close()));
    }
  }

  /** Ends `run` soon. Idempotent. */
  stop(): void {
    this.observer.stop();
  }

  /** Says the counters of every room now. */
  reportStats(): void {
    const sections = this.counters();
    const timeUs = this.#nowUs();
    for (const output of this.#options.outputs) output.stats(timeUs, sections);
  }

  /**
   * Live, every `stats_interval_s`: measures how capture keeps up. Says when a sustained loss began
   * or ended, and returns what it said.
   */
  measureLoad(): Operational | null {
    const change = this.#load?.sample(this.observer.stats(), performance.now());
    if (!change) return null;
    const { sensor } = this.#options.config;
    const event: Operational = { kind: 'capture_loss', sensor, timeUs: this.#nowUs(), ...change };
    for (const output of this.#options.outputs) output.operational(event);
    return event;
  }

  /** Before the first packet there is no packet time; live, the clock is the best guess of it. */
  #nowUs(): number {
    return this.#span.lastUs ?? (this.#options.order === 'arrival' ? Date.now() * 1000 : 0);
  }

  /** The input was read to its end, or until `stop`. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /**
   * Batches judged: with packets or without, some every epoch once the first packet has come. Null
   * before it, and while the interface is away.
   */
  progress(): number | null {
    if (this.observer.isAway || this.observer.stats().frames === 0) return null;
    return this.#transport.stats().batchesJudged;
  }

  get span(): Span {
    return { ...this.#span };
  }

  /**
   * How far judging is behind now: batches waiting for it, and for each shard that had any the
   * clock less its packet time (`lag_s.SHARD`, seconds; of live traffic alone does it mean lag).
   */
  behind(): Record<string, number> {
    const { batchesPublished, batchesJudged, rejected } = this.#transport.stats();
    const refused = Object.values(rejected).reduce((sum, count) => sum + count, 0);
    const lags = [...this.#watermarks].map(([shard, judgedUs]) => [
      `lag_s.${shard}`,
      Math.max(0, Date.now() / 1000 - judgedUs / 1e6),
    ]);
    return {
      waiting_batches: batchesPublished - batchesJudged - refused,
      ...Object.fromEntries(lags),
    };
  }

  #correlate(outcome: ShardOutcome): void {
    this.#losses.set(outcome.shard, outcome.losses);
    if (outcome.watermarkUs > 0) {
      this.#watermarks.set(outcome.shard, outcome.watermarkUs);
      const epochUs = this.#options.config.epoch_ms * 1000;
      const { firstUs, lastUs } = this.#span;
      this.#span.firstUs = Math.min(firstUs ?? Infinity, outcome.watermarkUs - epochUs);
      this.#span.lastUs = Math.max(lastUs ?? 0, outcome.watermarkUs);
    }
    this.#correlator.accept(outcome);
    this.#say(this.#correlator.advance());
  }

  #say(events: OutputEvent[]): void {
    for (const output of this.#options.outputs) {
      for (const event of events) {
        if (event.type === 'finding') output.finding(event.finding);
        else output.incident(event.incident);
      }
    }
  }

  /** The counters of every room, and the levels of what is watched live. */
  counters(): Record<string, Record<string, number>> {
    const { batchesPublished, bytesPublished, batchesJudged, depthMax, rejected } =
      this.#transport.stats();
    const refusals = Object.entries(rejected).map(([reason, count]) => [
      `rejected.${reason}`,
      count,
    ]);
    return {
      capture: { ...this.observer.stats(), ...this.#load?.levels() },
      transport: {
        batches_published: batchesPublished,
        bytes_published: bytesPublished,
        batches_judged: batchesJudged,
        // How far the workers fell behind is a matter of timing: a capture's output must not tell.
        ...(this.#options.order === 'arrival' && { depth_max: depthMax }),
        ...Object.fromEntries(refusals),
      },
      detect: sumOf([...this.#losses.values()]),
      correlate: this.#correlator.stats(),
      output: sumOf(this.#options.outputs.map((output) => output.counters())),
    };
  }
}
