import type {
  Input,
  Observer,
  ObserverEvents,
  ObserverOptions,
  ObserverStats,
} from './contract.js';
import { loadAddon } from './load-addon.js';
import { openNativeObserver } from './native-observer.js';
import type { ObserverChoice } from './open-observer.js';

/**
 * The native observer, reading `input` already while the rest of the program loads; null where it
 * is not wanted or cannot be used, about which `openObserver` has the word. Run it or abandon it.
 */
export function startAhead(
  choice: ObserverChoice,
  options: ObserverOptions,
  input: Input & { kind: 'files' },
): HeadStart | null {
  if (choice === 'typescript') return null;
  const loaded = loadAddon();
  return 'addon' in loaded
    ? new HeadStart(openNativeObserver(loaded.addon, options, 1), input)
    : null;
}

/**
 * An observer that reads before anyone listens. What it has to say waits for `run`: batches up to
 * the bound of those that are out, and what was damaged.
 */
export class HeadStart implements Observer {
  readonly name: Observer['name'];
  readonly #inner: Observer;
  readonly #ended: Promise<void>;
  readonly #listener: Promise<ObserverEvents>;
  #listen: (events: ObserverEvents) => void = () => {};

  constructor(inner: Observer, input: Input) {
    this.name = inner.name;
    this.#inner = inner;
    this.#listener = new Promise((resolve) => {
      this.#listen = resolve;
    });
    let isHeard = false;
    void this.#listener.then(() => {
      isHeard = true;
    });
    this.#ended = inner.run(input, {
      batch: async (shard, bytes) => await (await this.#listener).batch(shard, bytes),
      damage: async (path, offset, reason) => (await this.#listener).damage?.(path, offset, reason),
      progress: async (readBytes, totalBytes, path) => {
        if (isHeard) (await this.#listener).progress?.(readBytes, totalBytes, path);
      },
    });
    // Whoever runs it hears of it.
    this.#ended.catch(() => {});
  }

  /** `input` is the one it was made with. */
  async run(_input: Input, events: ObserverEvents): Promise<void> {
    this.#listen(events);
    await this.#ended;
  }

  /** Nobody will run it. Resolves when it is closed. */
  async abandon(): Promise<void> {
    this.stop();
    this.#listen({ batch() {} });
    await this.#ended.catch(() => {});
  }

  stop(): void {
    this.#inner.stop();
  }

  get isAway(): boolean {
    return this.#inner.isAway;
  }

  stats(): ObserverStats {
    return this.#inner.stats();
  }
}
