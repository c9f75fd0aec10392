/**
 * Threads that run a program of ours. Loading one takes a fifth of a second, so a command that is
 * sure to need it can have it loaded while it reads its own configuration.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { threadFile } from './program-file.js';

/** The programs that run as threads, as `threadFile` calls them. */
export const JUDGE_THREAD = 'src/worker';
export const OBSERVER_THREAD = 'src/capture/typescript-worker';

/**
 * The young generation grows to 48 MiB a thread where nothing says otherwise, and every page of it
 * that is touched first, after each scavenge that moved it, costs a fault. 12 is three semi-spaces
 * of 4 MiB: what an epoch leaves behind fits.
 */
const LIMITS = { maxYoungGenerationSizeMb: 12 };

/** Cores on which a thread more takes them from those there are. */
const FEW_CORES = 2;

export function areCoresFew(): boolean {
  return availableParallelism() <= FEW_CORES;
}

/** By the program's file. */
const prepared = new Map<string, Worker>();

/** Begins to load program `name` (as for `threadFile`). The process does not stay for it. */
export function prepareThread(name: string): void {
  const file = threadFile(name);
  if (prepared.has(file.href)) return;
  const thread = new Worker(file, { resourceLimits: LIMITS });
  thread.unref();
  prepared.set(file.href, thread);
  // Whoever takes the next one hears of it: that one fails in the same way.
  const forget = (): void => void prepared.delete(file.href);
  thread.once('error', forget).once('exit', forget);
}

/** A thread that runs `file`: the one prepared, or a new one. It has no `workerData`. */
export function takeThread(file: URL, name: string): Worker {
  const thread = prepared.get(file.href);
  if (thread === undefined) return new Worker(file, { name, resourceLimits: LIMITS });
  prepared.delete(file.href);
  thread.removeAllListeners();
  thread.ref();
  return thread;
}
