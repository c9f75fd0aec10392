import type { Account } from '../../packages/observer/src/capture/account.js';
import type { LiveProblem } from '../../packages/observer/src/capture/live-source.js';
import type { ObserverStats } from './contract.js';

/** Why a command did not end well. */
export type EngineFailure =
  /** A capture ended badly at `offset`; what came before was observed. */
  | { kind: 'damaged'; offset: number; reason: string }
  /** A file could not be opened; `code` and `reason` are the system's. */
  | { kind: 'open-failed'; code: string; reason: string }
  /** An interface could not be watched, or no longer (`wasOpen`); `reason` is libpcap's. */
  | { kind: 'live-failed'; problem: LiveProblem; wasOpen: boolean; reason: string };

/**
 * The thread that observes, native or TypeScript, as the rest of this room sees it. Commands are
 * carried out in order; each promise settles when its command is done, and rejects only when the
 * thread itself has failed.
 */
export interface Engine {
  /** Reads a plain capture file. */
  readFile(path: string): Promise<EngineFailure | undefined>;
  /** Takes the next piece of a capture that arrives in pieces; begins one if none has begun. */
  push(piece: Uint8Array): Promise<void>;
  endStream(): Promise<EngineFailure | undefined>;
  /**
   * Watches an interface until `stop` or failure. `opened` is called when it is open, and no frame
   * is looked at before that has resolved; it never rejects.
   */
  watch(input: WatchInput, opened: () => Promise<void>): Promise<EngineFailure | undefined>;
  /** Closes the last epoch. Only a `watch` may follow, when an interface comes back. */
  finish(): Promise<void>;
  /** Ends reading and watching soon, and makes later ones end at once. */
  stop(): void;
  /** `size` bytes of batches have been taken care of: room for more. */
  release(size: number): void;
  /** Bytes read by the current or last `readFile`. */
  readBytes(): number;
  stats(): ObserverStats;
  /** Abandons what is under way; nothing comes after it. Idempotent. */
  close(): Promise<void>;
}

export interface WatchInput {
  name: string;
  filter?: string;
  snapLength: number;
  bufferSize: number;
  promiscuous: boolean;
  /** Rings of one group share the interface's packets by flow; 0 is a ring alone. */
  fanoutGroup: number;
  /** Whether it tells of the interface's own drops: one of the rings that share it does. */
  countsInterfaceDrops: boolean;
  becomes?: Account;
}

/** Called for each batch, in order. */
export type BatchListener = (shard: number, bytes: Uint8Array) => void;
