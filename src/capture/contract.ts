/**
 * The two observers behind one face: the addon (`native-observer.ts`) and its TypeScript twin
 * (`typescript-observer.ts`). Both read frames from a file, standard input or an interface, and
 * hand over encoded batches; no packet crosses this line.
 */
import type { Account } from '../../packages/observer/src/capture/account.js';

export { type Account, becomeAccount } from '../../packages/observer/src/capture/account.js';
export { DEFAULT_OPTIONS, DEFAULT_TABLES } from '../../packages/observer/src/options.js';
export type { ObserverOptions, ObserverTables } from '../../packages/observer/src/options.js';

/**
 * Where frames come from. A folder stands for the captures in it. Several files are read in the
 * order of their first frames' times.
 */
export type Input =
  | { kind: 'files'; paths: string[] /* '-' is standard input */ }
  | {
      kind: 'interface';
      name: string;
      filter?: string;
      /** The filter leaves out what `capture.filter` says. */
      hasOwnFilter?: boolean;
      /** The filter leaves the bulk of TCP connections in the kernel (`relief.ts`). */
      hasRelief?: boolean;
      snapLength: number;
      /** Of each ring, in bytes. */
      bufferSize: number;
      promiscuous: boolean;
      /** Rings that share the interface, each with an observer of its own. */
      rings: number;
      /** Who a capturing process of its own becomes once the interface is open. */
      becomes?: Account;
    };

export interface ObserverEvents {
  /**
   * The interface is open; no frame has been looked at yet, and none is until this has resolved.
   * Called again when it had to be opened again. What it rejects with ends the run.
   */
  opened?(): Promise<void> | void;
  /**
   * One encoded batch for one shard, in sequence order per shard. Awaited: this is the
   * back-pressure.
   */
  batch(shard: number, bytes: Uint8Array): Promise<void> | void;
  /**
   * Bytes read so far of bytes in all (files only; total 0 when unknown), at most ten times a
   * second.
   */
  progress?(readBytes: number, totalBytes: number, path: string): void;
  /**
   * A file ended badly; everything before it was observed. `offset` is in bytes of the
   * (uncompressed) file.
   */
  damage?(path: string, offset: number, reason: string): void;
  /** The interface cannot be watched for now, and why; it is tried again until it can. */
  interrupted?(reason: string): void;
}

export interface Observer {
  readonly name: 'native' | 'typescript';
  /**
   * Reads until the input ends or `stop` is called, closing the last epoch. Throws PicketError
   * `input-unreadable` or `interface-unavailable` before the first frame; damage later is an event.
   */
  run(input: Input, events: ObserverEvents): Promise<void>;
  /** Ends `run` soon, with everything seen so far handed over. Idempotent. */
  stop(): void;
  /** The interface was taken away and is not back: no packet can come. */
  readonly isAway: boolean;
  /**
   * Cumulative counters; keys are the same for both observers. Cheap enough to call every second.
   */
  stats(): ObserverStats;
}

export interface ObserverStats {
  /**
   * Flat, snake_case: packets, bytes, inbound, outbound, ..., anomaly counts under
   * `anomaly.<name>`. Live only, and only where the observer can tell: `busy_us` (processor time)
   * and, not cumulative, `lag_us` and `waiting_frames` (load-meter.ts says what they mean).
   */
  [counter: string]: number;
}
