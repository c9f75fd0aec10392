/** The part of the process that holds the correlator's lease: outcomes in, events out. */
import { Correlator, type OutputEvent } from '../correlate/correlator.js';
import type { Operational, Output } from '../output/contract.js';
import type { StatsSections } from '../output/eve.js';
import { sumOf } from '../shared/counters.js';
import { PicketError } from '../shared/errors.js';
import type { Item } from '../transport/bullmq/message.js';
import { unpackOutcome } from '../transport/bullmq/outcome-message.js';
import type { Machine, Workings } from '../transport/bullmq/partition-consumer.js';
import type { Fleet } from './fleet.js';

/** What one outcome led to. `hasEnded`: every shard's input has, and all was said. */
interface Said {
  events: OutputEvent[];
  hasEnded: boolean;
}

export class CorrelatorRole {
  /** Resolves when the input of every shard has ended and everything has been written. */
  readonly ended: Promise<void>;
  readonly #fleet: Fleet;
  readonly #outputs: readonly Output[];
  readonly #losses = new Map<number, Record<string, number>>();
  #lastUs = 0;
  #correlator: Correlator | null = null;
  #onEnd: () => void = () => {};

  constructor(fleet: Fleet, outputs: readonly Output[]) {
    this.#fleet = fleet;
    this.#outputs = outputs;
    this.ended = new Promise((resolve) => {
      this.#onEnd = resolve;
    });
  }

  workings(): Workings<Said> {
    return {
      open: (snapshot) => this.#open(snapshot),
      handOn: async (effects) => {
        for (const { value } of effects) this.#say(value);
        await Promise.all(this.#outputs.map((output) => output.ready()));
      },
    };
  }

  /** Says the counters. */
  reportStats(sections: StatsSections): void {
    const timeUs = this.#nowUs();
    for (const output of this.#outputs) output.stats(timeUs, sections);
  }

  /** Says that losses at a sensor of this process began or ended, if so; returns what it said. */
  reportLoss(loss: Omit<Operational, 'timeUs'> | null): Operational | null {
    if (loss === null) return null;
    const event = { ...loss, timeUs: this.#nowUs() };
    for (const output of this.#outputs) output.operational(event);
    return event;
  }

  /**
   * The counters: the correlator's, the shards' losses, and this process's own; also those of
   * `capture` when the process has a sensor.
   */
  sections(own: Record<string, number>, capture?: Record<string, number>): StatsSections {
    return {
      ...(capture && { capture }),
      transport: own,
      detect: sumOf([...this.#losses.values()]),
      correlate: this.#correlator?.stats() ?? {},
      output: sumOf(this.#outputs.map((output) => output.counters())),
    };
  }

  #nowUs(): number {
    return this.#lastUs > 0 ? this.#lastUs : Date.now() * 1000;
  }

  #open(snapshot: Uint8Array | null): Machine<Said> {
    const { config, allowlist } = this.#fleet;
    const create = (from: Uint8Array | null): Correlator =>
      new Correlator(
        {
          shardCount: config.shards,
          order: config.correlate.order,
          idleS: config.correlate.idle_s,
          quietS: config.correlate.quiet_s,
          allowlisted: allowlist.contains,
        },
        from,
      );
    let correlator = create(snapshot);
    this.#correlator = correlator;
    return {
      apply: (item) => {
        const outcome = this.#outcomeOf(item);
        this.#losses.set(outcome.shard, outcome.losses);
        this.#lastUs = Math.max(this.#lastUs, outcome.watermarkUs);
        correlator.accept(outcome);
        const events = correlator.advance();
        const { hasEnded } = correlator;
        if (hasEnded) {
          events.push(...correlator.end());
          correlator = create(null);
          this.#correlator = correlator;
        }
        return { events, hasEnded };
      },
      snapshot: () => correlator.snapshot(),
    };
  }

  #outcomeOf({ source, bytes }: Item) {
    const outcome = unpackOutcome(bytes);
    if (outcome.shard >= this.#fleet.config.shards || !source.startsWith(`${outcome.shard}.`))
      throw new PicketError('batch-invalid', `an outcome of shard ${outcome.shard} by ${source}`);
    return outcome;
  }

  #say({ events, hasEnded }: Said): void {
    for (const output of this.#outputs) {
      for (const event of events) {
        if (event.type === 'finding') output.finding(event.finding);
        else output.incident(event.incident);
      }
    }
    if (hasEnded) this.#onEnd();
  }
}
