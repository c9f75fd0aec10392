/**
 * Watches an interface through the optional package `cap`. Twin:
 * `native/core/capture/live_source.{h,cc}`; unlike it, this one always captures whole frames in
 * promiscuous mode, takes times when a frame reaches the process, and cannot tell what the kernel
 * dropped: that is what `cap` offers.
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import type { Account } from './account.js';
import { readParcels } from './live-stream.js';

export interface LiveOptions {
  name: string;
  /** BPF, as for tcpdump. */
  filter?: string;
  /** Of the kernel's buffer, in bytes. */
  bufferSize: number;
  /** Who the capturing process becomes once the interface is open. */
  becomes?: Account;
}

/** As `LiveProblem` of the twin, by the names the addon gives them. */
export type LiveProblem =
  | 'no-such-interface'
  | 'no-privileges'
  | 'interface-down'
  | 'filter-invalid'
  | 'link-type-unknown'
  | 'not-built'
  | 'failed';

export interface LiveFailure {
  problem: LiveProblem;
  /** libpcap's own words, if any. */
  detail: string;
  /** It could be watched, and then no longer. */
  wasOpen: boolean;
}

export interface LiveSink {
  /** The interface is open. Awaited before the first frame. */
  opened(): Promise<void>;
  /** The next piece of a pcap stream. Awaited: meanwhile the kernel's buffer fills. */
  push(piece: Uint8Array): Promise<void>;
  /** No frame with an earlier time will come any more, short of the clock being set back. */
  tick(nowUs: number): Promise<void>;
}

/** Kept of what the process says before it ends. */
const MESSAGE_SIZE_MAX = 4096;

/** Whether the package can be found; loading it is the capturing process's business. */
export function hasCap(): boolean {
  try {
    createRequire(import.meta.url).resolve('cap');
    return true;
  } catch {
    return false;
  }
}

/**
 * Delivers frames until `stop` is aborted or the interface fails; says how it failed.
 * `nodeArguments` start live-process.ts.
 */
export async function watchInterface(
  options: LiveOptions,
  nodeArguments: readonly string[],
  sink: LiveSink,
  stop: AbortSignal,
): Promise<LiveFailure | undefined> {
  if (!hasCap())
    return { problem: 'not-built', detail: 'the package cap is not installed', wasOpen: false };
  const { name, bufferSize, filter = '', becomes } = options;
  const account = becomes === undefined ? '' : JSON.stringify(becomes);
  const args = [...nodeArguments, name, String(bufferSize), filter, account];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let message = '';
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text: string) => {
    message = (message + text).slice(-MESSAGE_SIZE_MAX);
  });
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  let wasOpen = false;
  child.on('error', (error) => {
    message += error.message;
  });
  const kill = () => child.kill('SIGTERM');
  stop.addEventListener('abort', kill);
  try {
    if (stop.aborted) kill();
    for await (const { piece, nowUs } of readParcels(child.stdout)) {
      if (!wasOpen) await sink.opened();
      wasOpen = true;
      if (stop.aborted) break;
      if (piece.length > 0) await sink.push(piece);
      await sink.tick(nowUs);
    }
  } finally {
    kill();
    stop.removeEventListener('abort', kill);
  }
  await ended;
  return stop.aborted ? undefined : { ...failureOf(message, child.signalCode), wasOpen };
}

/** `cap` throws libpcap's text and nothing else, so the text has to tell. */
export function failureOf(
  message: string,
  signal: NodeJS.Signals | null,
): Omit<LiveFailure, 'wasOpen'> {
  const detail = message
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('Warning:'))
    .join('; ');
  if (/not permitted|permission|CAP_NET_RAW/i.test(message)) {
    return { problem: 'no-privileges', detail };
  }
  if (/no such device|doesn't exist|does not exist/i.test(message)) {
    return { problem: 'no-such-interface', detail };
  }
  if (/filter|syntax error|expression/i.test(message)) return { problem: 'filter-invalid', detail };
  if (/unknown linktype/i.test(message)) return { problem: 'link-type-unknown', detail };
  // It asserts that polling never fails, which it does once the interface is down or gone.
  if (signal === 'SIGABRT' || /not up|is down|went down/i.test(message)) {
    return { problem: 'interface-down', detail: 'the interface went down' };
  }
  return { problem: 'failed', detail };
}
