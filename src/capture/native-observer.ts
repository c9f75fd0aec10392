import { getSystemErrorName } from 'node:util';
import type { Observer, ObserverOptions, ObserverStats } from './contract.js';
import type { BatchListener, Engine, EngineFailure, WatchInput } from './engine.js';
import { EngineObserver } from './engine-observer.js';
import type { Addon, NativeFailure, NativeHandle } from './load-addon.js';
import { RingObserver } from './ring-observer.js';

/** With several `rings`, the first is the sensor itself and the others are `name/2` and so on. */
export function openNativeObserver(
  addon: Addon,
  options: ObserverOptions,
  rings: number,
): Observer {
  const open = (ring: number, fanoutGroup: number): Observer => {
    const own = ring === 0 ? options : { ...options, sensor: ringName(options.sensor, ring + 1) };
    return new EngineObserver('native', (onBatch) => new NativeEngine(addon, own, onBatch), {
      fanoutGroup,
      countsInterfaceDrops: ring === 0,
    });
  };
  if (rings === 1) return open(0, 0);
  // Groups are told apart in the whole network namespace; 0 is none.
  const group = process.pid & 0xffff || 1;
  return new RingObserver(Array.from({ length: rings }, (_, ring) => open(ring, group)));
}

/** `name/2`, or `name/2#incarnation`. */
function ringName(sensor: string, number: number): string {
  return sensor.replace(/(?=#|$)/, `/${number}`);
}

/** What the listener hears when the interface is open. */
const OPENED = -2;

/** The addon's thread. It ends commands in the order they were given, hence the queue. */
class NativeEngine implements Engine {
  readonly #handle: NativeHandle;
  readonly #pending: ((failure: EngineFailure | undefined) => void)[] = [];
  #opened: (() => Promise<void>) | undefined;
  #stats: ObserverStats = {};
  #isClosed = false;

  constructor(addon: Addon, options: ObserverOptions, onBatch: BatchListener) {
    this.#handle = new addon.NativeObserver(options, (shard, value) => {
      if (shard >= 0) onBatch(shard, value as Uint8Array);
      else if (shard === OPENED) void this.#proceed();
      else this.#pending.shift()?.(failureOf(value as NativeFailure | undefined));
    });
  }

  readFile(path: string): Promise<EngineFailure | undefined> {
    return this.#order(() => this.#handle.readFile(path));
  }

  async push(piece: Uint8Array): Promise<void> {
    await this.#order(() => this.#handle.push(piece));
  }

  endStream(): Promise<EngineFailure | undefined> {
    return this.#order(() => this.#handle.endStream());
  }

  watch(input: WatchInput, opened: () => Promise<void>): Promise<EngineFailure | undefined> {
    this.#opened = opened;
    return this.#order(() => this.#handle.watch(input));
  }

  async finish(): Promise<void> {
    await this.#order(() => this.#handle.finish());
  }

  stop(): void {
    if (!this.#isClosed) this.#handle.stop();
  }

  release(size: number): void {
    if (!this.#isClosed) this.#handle.release(size);
  }

  readBytes(): number {
    return this.#isClosed ? 0 : this.#handle.readBytes();
  }

  stats(): ObserverStats {
    if (!this.#isClosed) this.#stats = this.#handle.stats();
    return this.#stats;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.stats();
    this.#isClosed = true;
    this.#handle.close();
  }

  async #proceed(): Promise<void> {
    await this.#opened?.();
    if (!this.#isClosed) this.#handle.proceed();
  }

  #order(command: () => void): Promise<EngineFailure | undefined> {
    return new Promise((resolve) => {
      command();
      this.#pending.push(resolve);
    });
  }
}

function failureOf(failure: NativeFailure | undefined): EngineFailure | undefined {
  if (!failure) return undefined;
  const { kind, offset, error, problem, wasOpen, reason } = failure;
  if (kind === 'damaged') return { kind, offset, reason };
  if (kind === 'live-failed') return { kind, problem, wasOpen, reason };
  return { kind, code: getSystemErrorName(-error), reason };
}
