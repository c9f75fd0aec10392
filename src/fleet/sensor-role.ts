/** The packet side of a fleet: an observer whose batches are published, one queue per shard. */
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import type { Input, Observer, ObserverEvents } from '../capture/contract.js';
import { openObserver } from '../capture/open-observer.js';
import { observerOptions } from '../pipeline-options.js';
import { PicketError } from '../shared/errors.js';
import { Publisher } from '../transport/bullmq/publisher.js';
import type { Fleet } from './fleet.js';

const SENSOR_FORM = /^[\x21-\x22\x24-\x7e]{1,50}$/;
/** Bytes of a capture that tell it from others. */
const BEGINNING_SIZE = 64 * 1024;

export class SensorRole {
  readonly observer: Observer;
  readonly fellBack: string | undefined;
  readonly #fleet: Fleet;
  readonly #input: Input;
  readonly #publisher: Publisher;

  /** @throws PicketError `usage` for a name that cannot be used, `observer-unavailable`. */
  constructor(fleet: Fleet, input: Input) {
    const { config } = fleet;
    if (!SENSOR_FORM.test(config.sensor))
      throw new PicketError(
        'usage',
        `sensor: ${JSON.stringify(config.sensor)} cannot be used in a fleet: take 1 to 50 ` +
          'visible ASCII characters without #.',
      );
    this.#fleet = fleet;
    this.#input = input;
    const source = `${config.sensor}#${incarnationOf(input)}`;
    const options = { ...observerOptions(config), sensor: source };
    const opened = openObserver(config.observer, options, input.kind === 'interface');
    this.observer = opened.observer;
    this.fellBack = opened.fellBack;
    this.#publisher = new Publisher({
      client: fleet.client,
      partitions: fleet.shards,
      source,
      depthMax: config.redis.depth_max,
    });
  }

  /**
   * Publishes until the input ends or `stop`. A capture that was read to its end ends its sensor's
   * input for good; a live sensor only leaves.
   * @throws PicketError as the observer does.
   */
  async run(events: Omit<ObserverEvents, 'batch'> = {}): Promise<void> {
    const isLive = this.#input.kind === 'interface';
    try {
      await this.observer.run(this.#input, {
        ...events,
        batch: (shard, bytes) => this.#publisher.publish(shard, 'data', bytes),
      });
      for (let shard = 0; shard < this.#fleet.config.shards; shard++)
        await this.#publisher.publish(shard, isLive ? 'leave' : 'end', new Uint8Array());
    } finally {
      await this.#publisher.drain();
      await this.#publisher.close();
    }
  }

  stop(): void {
    this.observer.stop();
  }

  stats(): Record<string, number> {
    const published = Object.entries(this.#publisher.stats());
    return Object.fromEntries(published.map(([name, count]) => [`published_${name}`, count]));
  }
}

/**
 * Tells a sensor's runs apart, since each numbers its batches from the start. Reading the same
 * captures again is the same run: what was merged already is refused as a copy.
 */
function incarnationOf(input: Input): string {
  if (input.kind === 'interface' || input.paths.includes('-'))
    return `${Date.now().toString(36)}${randomBytes(2).toString('hex')}`;
  const hash = createHash('sha256');
  for (const path of input.paths) hash.update(beginningOf(path));
  return hash.digest('hex').slice(0, 12);
}

/** Size and first bytes of a file; a pipe is another each time. What cannot be read is its name. */
function beginningOf(path: string): Uint8Array {
  try {
    const about = statSync(path);
    if (about.isFIFO()) return randomBytes(8);
    if (!about.isFile()) return Buffer.from(`${path} ${about.mtimeMs}`);
    const bytes = Buffer.alloc(BEGINNING_SIZE);
    const file = openSync(path, 'r');
    const read = readSync(file, bytes, 0, BEGINNING_SIZE, 0);
    closeSync(file);
    return Buffer.concat([Buffer.from(`${about.size} `), bytes.subarray(0, read)]);
  } catch {
    return Buffer.from(path);
  }
}
