/**
 * Sources somebody asked to look after: what they do is kept apart from everybody else's, and said
 * when it happens. Bounded in watches and in bytes for each.
 */
import { CommandRefused } from '../transport/bullmq/command-message.js';
import { type Sighting, sightingsOf } from './sightings.js';

export const WATCHES_MAX = 64;
/** A source comes through no more tunnels in an epoch, or some of its epochs count twice. */
const RECENT_MAX = 8;
/** A source that goes on is said again after this. */
const SAY_EVERY_MS = 10_000;

interface Kept {
  /** Of the epoch and the tunnel. */
  key: string;
  /** JSON of the sighting. */
  text: string;
}

export interface Watch {
  source: string;
  /** 4 or 16 bytes. */
  readonly address: Uint8Array;
  /** By the clock of this machine; it is over after that. */
  untilMs: number;
  /** The oldest first. */
  readonly kept: Kept[];
  keptSize: number;
  /** Sightings that made room for later ones. */
  evicted: number;
  saidMs: number;
  /** Epochs seen since it was last said. */
  unsaid: number;
}

export interface WatchesOptions {
  /** Characters of JSON, all watches together. */
  sizeMax: number;
  /** A watched source is there; `epochs` of it since this was last said. */
  say(source: string, sighting: Sighting, epochs: number): void;
  /** Milliseconds since 1970. For tests. */
  nowMs?: () => number;
}

export class Watches {
  readonly #options: WatchesOptions;
  readonly #nowMs: () => number;
  readonly #watches = new Map<string, Watch>();
  #sightings = 0;
  #evicted = 0;

  constructor(options: WatchesOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? Date.now;
  }

  /**
   * Begins a watch, or moves the end of one; what it kept stays until its room is needed.
   * @throws CommandRefused `full` when as many as possible are not over yet.
   */
  watch(source: string, address: Uint8Array, forS: number): Watch {
    const nowMs = this.#nowMs();
    const untilMs = nowMs + forS * 1000;
    const known = this.#watches.get(source);
    if (known !== undefined) {
      known.untilMs = untilMs;
      return known;
    }
    if (this.#watches.size >= WATCHES_MAX) this.#forgetOne(nowMs);
    const fresh = { kept: [], keptSize: 0, evicted: 0, unsaid: 0 };
    const saidMs = Number.NEGATIVE_INFINITY;
    const watch: Watch = { source, address, untilMs, saidMs, ...fresh };
    this.#watches.set(source, watch);
    return watch;
  }

  get(source: string): Watch | undefined {
    return this.#watches.get(source);
  }

  isOver({ untilMs }: Watch): boolean {
    return untilMs <= this.#nowMs();
  }

  /** Looks through a batch for the watched. */
  see(bytes: Uint8Array): void {
    for (const watch of this.#watches.values()) {
      if (this.isOver(watch)) continue;
      for (const sighting of sightingsOf(bytes, watch.address)) this.#keep(watch, sighting);
    }
  }

  stats(): Record<string, number> {
    const running = [...this.#watches.values()].filter((watch) => !this.isOver(watch));
    return {
      watches: running.length,
      watched_sightings: this.#sightings,
      watched_evicted: this.#evicted,
    };
  }

  #keep(watch: Watch, sighting: Sighting): void {
    const key = `${sighting.epoch} ${sighting.tunnel}`;
    const text = JSON.stringify(sighting);
    // The whole epoch takes the place of its beginning, which was sent early.
    const known = watch.kept.slice(-RECENT_MAX).find((one) => one.key === key);
    if (known !== undefined) {
      watch.keptSize += text.length - known.text.length;
      known.text = text;
    } else {
      watch.kept.push({ key, text });
      watch.keptSize += text.length;
      watch.unsaid++;
      this.#sightings++;
    }
    while (watch.keptSize > this.#options.sizeMax / WATCHES_MAX) {
      watch.keptSize -= (watch.kept.shift() as Kept).text.length;
      watch.evicted++;
      this.#evicted++;
    }
    if (watch.unsaid === 0) return;
    const nowMs = this.#nowMs();
    if (nowMs - watch.saidMs < SAY_EVERY_MS) return;
    this.#options.say(watch.source, sighting, watch.unsaid);
    watch.saidMs = nowMs;
    watch.unsaid = 0;
  }

  /** The one that has been over for longest. */
  #forgetOne(nowMs: number): void {
    const over = [...this.#watches.values()].filter(({ untilMs }) => untilMs <= nowMs);
    const [oldest] = over.sort((left, right) => left.untilMs - right.untilMs);
    if (oldest === undefined)
      throw new CommandRefused('full', `${WATCHES_MAX} sources are watched; end one (--for 0).`);
    this.#watches.delete(oldest.source);
  }
}
