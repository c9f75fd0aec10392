/** What a sensor remembers for `watch` and `dump`: its last batches, and the watched sources. */
import { setImmediate } from 'node:timers/promises';
import type { PicketConfig } from '../config/schema.js';
import { addressBytes } from '../shared/address.js';
import type { Logger } from '../shared/logger.js';
import { ANSWER_SIZE_MAX } from '../transport/bullmq/command-message.js';
import type { DumpAnswer, WatchAnswer } from './command-answers.js';
import { RecentBatches } from './recent-batches.js';
import { type Sighting, sightingsOf } from './sightings.js';
import { type Watch, Watches } from './watches.js';

/** Leaves room for what an answer says beside the sightings. */
const TOLD_SIZE_MAX = ANSWER_SIZE_MAX - 4_096;
/** Batches may come meanwhile. */
const BUSY_MS_MAX = 10;

export class Evidence {
  readonly #sensor: string;
  readonly #recent: RecentBatches;
  readonly #watches: Watches;
  #unreadable = 0;

  constructor({ sensor, commands }: PicketConfig, log: Logger) {
    const { enabled, recent_mib, watched_mib } = commands;
    this.#sensor = sensor;
    this.#recent = new RecentBatches(enabled ? recent_mib * 2 ** 20 : 0);
    this.#watches = new Watches({
      sizeMax: watched_mib * 2 ** 20,
      say: (source, { first_seen, probes, targets, exact }, epochs) =>
        log.warn(
          { source, first_seen, probes, targets, exact, epochs },
          'a watched source is there',
        ),
    });
  }

  /** Of a batch this sensor made. */
  see(bytes: Uint8Array): void {
    try {
      this.#recent.push(bytes);
      this.#watches.see(bytes);
    } catch (error) {
      // What is remembered must never be a reason not to publish.
      if (!(error instanceof RangeError)) throw error;
      this.#unreadable++;
    }
  }

  /** @throws CommandRefused `full`. */
  watch(source: string, forS: number): WatchAnswer {
    const watch = this.#watches.watch(source, addressBytes(source), forS);
    return { sensor: this.#sensor, source, ...this.#watchState(watch) };
  }

  /** Every sighting remembered, the newest first, as many as an answer holds. */
  async dump(source: string): Promise<DumpAnswer> {
    const address = addressBytes(source);
    const watch = this.#watches.get(source);
    const told = new Telling();
    let sinceMs = performance.now();
    for (const bytes of this.#recent.newestFirst()) {
      for (const sighting of sightingsOf(bytes, address)) told.add(sighting);
      if (performance.now() - sinceMs < BUSY_MS_MAX) continue;
      await setImmediate();
      sinceMs = performance.now();
    }
    for (const { text } of [...(watch?.kept ?? [])].reverse())
      told.add(JSON.parse(text) as Sighting);
    const { recent_batches, recent_bytes, recent_evicted } = this.#recent.stats();
    return {
      sensor: this.#sensor,
      source,
      recent: { batches: recent_batches, bytes: recent_bytes, evicted: recent_evicted },
      watch: watch === undefined ? null : this.#watchState(watch),
      seen: told.sightings,
      left_out: told.leftOut,
    };
  }

  stats(): Record<string, number> {
    const unreadable = { unreadable_batches: this.#unreadable };
    return { ...this.#recent.stats(), ...this.#watches.stats(), ...unreadable };
  }

  #watchState(watch: Watch) {
    const { untilMs, kept, evicted } = watch;
    return {
      until: new Date(untilMs).toISOString(),
      is_over: this.#watches.isOver(watch),
      kept: kept.length,
      evicted,
    };
  }
}

/** Sightings from the newest on, each epoch once: the whole one comes before its beginning. */
class Telling {
  readonly sightings: Sighting[] = [];
  leftOut = 0;
  readonly #known = new Set<string>();
  #size = 0;

  add(sighting: Sighting): void {
    const key = `${sighting.epoch} ${sighting.tunnel}`;
    if (this.#known.has(key)) return;
    this.#known.add(key);
    const size = JSON.stringify(sighting).length + 1;
    // What is older than something left out would be told out of turn.
    if (this.leftOut > 0 || this.#size + size > TOLD_SIZE_MAX) {
      this.leftOut++;
      return;
    }
    this.#size += size;
    this.sightings.push(sighting);
  }
}
