/**
 * The messages between the embedded transport and its worker threads. Both ends are this program.
 */
import type { ShardOutcome } from './contract.js';

/** The first thing a worker thread is told. */
export interface Assignment {
  shards: number[];
  /** `settings` of the transport's options. */
  settings: unknown;
}

export type ToWorker =
  | { type: 'assign'; assignment: Assignment }
  | { type: 'judge'; batches: Uint8Array[] }
  | { type: 'end' };

/** One answer for each batch of a `judge`, in its order: the outcome, or why it was rejected. */
export type Answer = { outcome: ShardOutcome } | { rejected: string };

/** What a lane talks to: a worker thread, or what stands in for one in this thread. */
export interface LaneThread {
  postMessage(message: ToWorker, transfer?: ArrayBuffer[]): void;
  on(event: 'message', listener: (message: FromWorker) => void): unknown;
  on(event: 'messageerror' | 'error', listener: (error: Error) => void): unknown;
  on(event: 'exit', listener: (status: number) => void): unknown;
  /** The process need not stay for it any more. */
  unref(): void;
  terminate(): Promise<unknown>;
}

export type FromWorker =
  | { type: 'ready' }
  | { type: 'judged'; answers: Answer[] }
  | { type: 'ended'; outcomes: ShardOutcome[] };
