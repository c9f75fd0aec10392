/** The packet side of a fleet: an observer whose batches are published, one queue per shard. */
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import type { Input, Observer, ObserverEvents } from '../capture/contract.js';
import { LoadMeter } from '../capture/load-meter.js';
import { openObserver } from '../capture/open-observer.js';
import type { Operational } from '../output/contract.js';
import { loadMeterOptions, observerOptions } from '../pipeline-options.js';
import { PicketError } from '../shared/errors.js';
import { Evidence } from './evidence.js';
import type { Fleet } from './fleet.js';
import { SensorOutlet } from './sensor-outlet.js';
import { Spool } from './spool.js';

const SENSOR_FORM = /^[\x21-\x22\x24-\x7e]{1,50}$/;
/** Bytes of a capture that tell it from others. */
const BEGINNING_SIZE = 64 * 1024;
const END_MS_MAX = 5_000;
/** Begins the names of the observer's counters among a sensor's. */
export const CAPTURE = 'capture.';

export class SensorRole {
  readonly observer: Observer;
  readonly fellBack: string | undefined;
  /** For commands. */
  readonly evidence: Evidence;
  readonly #input: Input;
  readonly #outlet: SensorOutlet;
  readonly #load: LoadMeter | null;
  readonly #sensor: string;
  #handedOver = 0;

  /** @throws PicketError `usage` for a name that cannot be used, `observer-unavailable`. */
  constructor(fleet: Fleet, input: Input) {
    const { config } = fleet;
    if (!SENSOR_FORM.test(config.sensor))
      throw new PicketError(
        'usage',
        `sensor: ${JSON.stringify(config.sensor)} cannot be used in a fleet: take 1 to 50 ` +
          'visible ASCII characters without #.',
      );
    this.#input = input;
    this.#sensor = config.sensor;
    const source = `${config.sensor}#${incarnationOf(input)}`;
    const options = { ...observerOptions(config), sensor: source };
    const live = input.kind === 'interface' ? input : null;
    const opened = openObserver(config.observer, options, live);
    this.#load = live && new LoadMeter(loadMeterOptions(config, live), performance.now());
    this.observer = opened.observer;
    this.fellBack = opened.fellBack;
    this.evidence = new Evidence(config, fleet.log);
    this.#outlet = new SensorOutlet(fleet, source, live && openSpool(fleet));
  }

  /**
   * Publishes until the input ends or `stop`. A capture that was read to its end ends its sensor's
   * input for good; a live sensor only leaves.
   * @throws PicketError as the observer does.
   */
  async run(events: Omit<ObserverEvents, 'batch'> = {}): Promise<void> {
    const outlet = this.#outlet;
    const isLive = this.#input.kind === 'interface';
    try {
      await this.observer.run(this.#input, {
        ...events,
        batch: async (shard, bytes) => {
          this.evidence.see(bytes);
          await outlet.push(shard, bytes);
          this.#handedOver++;
        },
      });
      await this.#end(() => outlet.drain().then(() => outlet.tellAll(isLive ? 'leave' : 'end')));
    } finally {
      await this.#end(() => outlet.drain());
      outlet.close();
    }
  }

  /** A live sensor that ends does not wait for Redis: what is left is in its spool. */
  async #end(ending: () => Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      if (this.#input.kind === 'interface') timer = setTimeout(resolve, END_MS_MAX);
    });
    await Promise.race([ending(), late]);
    clearTimeout(timer);
  }

  stop(): void {
    this.observer.stop();
  }

  /**
   * Batches on their way to Redis or in the spool: some every epoch once the first packet has come.
   * Null before it, and while the interface is away.
   */
  progress(): number | null {
    if (this.observer.isAway || this.observer.stats().frames === 0) return null;
    return this.#handedOver;
  }

  /** The outlet's counters, and as `capture.NAME` the observer's that are not 0 and its levels. */
  stats(): Record<string, number> {
    const counted = Object.entries(this.observer.stats()).filter(([, count]) => count !== 0);
    const levels = Object.entries(this.#load?.levels() ?? {});
    const capture = [...counted, ...levels].map(([name, count]) => [`${CAPTURE}${name}`, count]);
    return { ...this.outletStats(), ...Object.fromEntries(capture) };
  }

  /** The observer's counters and levels: the section `capture` of `stats` and metrics. */
  captureStats(): Record<string, number> {
    return { ...this.observer.stats(), ...this.#load?.levels() };
  }

  /** Live, every `stats_interval_s`; says when a sustained loss began or ended. */
  measureLoad(): Omit<Operational, 'timeUs'> | null {
    const change = this.#load?.sample(this.observer.stats(), performance.now());
    return change ? { kind: 'capture_loss', sensor: this.#sensor, ...change } : null;
  }

  /** Of what was observed: published, spooled, given up. */
  outletStats(): Record<string, number> {
    return this.#outlet.stats();
  }
}

function openSpool({ config }: Fleet): Spool {
  try {
    return new Spool(config.spool.path, config.spool.size_mib * 2 ** 20);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PicketError('usage', `spool.path cannot be used: ${reason}.`);
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
