import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { LiveProblem } from '../../packages/observer/src/capture/live-source.js';
import { LAYOUT_VERSION } from '../../packages/plugin-api/src/batch-layout.js';
import { ownPackage } from '../shared/program-file.js';
import type { ObserverOptions, ObserverStats } from './contract.js';
import type { WatchInput } from './engine.js';

/** What native/node/addon.cc exports. */
export interface Addon {
  layoutVersion: number;
  /** False when it was built without libpcap. */
  hasLiveCapture: boolean;
  /**
   * Sends `text` as one datagram to a Unix socket, without waiting; `@` begins an abstract name.
   * Returns 0 or errno.
   */
  notify(socket: string, text: string): number;
  NativeObserver: new (options: ObserverOptions, listener: NativeListener) => NativeHandle;
}

/**
 * (shard, bytes) for a batch; (-1, failure or undefined) at the end of each command; (-2) when
 * `watch` has its interface and waits for `proceed`.
 */
export type NativeListener = (shard: number, value: Uint8Array | NativeFailure | undefined) => void;

/** `CommandResult` of native/node/runner.h. */
export interface NativeFailure {
  kind: 'damaged' | 'open-failed' | 'live-failed';
  offset: number;
  /** errno */
  error: number;
  problem: LiveProblem;
  wasOpen: boolean;
  reason: string;
}

/** `ObserverWrap` of native/node/wrap.h. Commands return at once; the listener hears their ends. */
export interface NativeHandle {
  readFile(path: string): void;
  push(piece: Uint8Array): void;
  endStream(): void;
  watch(input: WatchInput): void;
  proceed(): void;
  finish(): void;
  stop(): void;
  release(size: number): void;
  close(): void;
  stats(): ObserverStats;
  readBytes(): number;
}

export type LoadedAddon = { addon: Addon } | { reason: string };

let loaded: LoadedAddon | undefined;

/**
 * Loads the addon, once a process; or says in one clause why it cannot be used. `PICKET_ADDON`
 * names another build of it; `PICKET_OBSERVER=typescript` forbids it.
 */
export function loadAddon(): LoadedAddon {
  loaded ??= load(process.env);
  return loaded;
}

/** Not remembered: for tests. */
export function load(environment: NodeJS.ProcessEnv): LoadedAddon {
  if (environment.PICKET_OBSERVER === 'typescript') {
    return { reason: 'PICKET_OBSERVER=typescript is set' };
  }
  const path =
    environment.PICKET_ADDON || join(ownPackage().folder, 'native/build/Release/picket.node');
  let addon: Addon;
  try {
    addon = createRequire(import.meta.url)(path) as Addon;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'MODULE_NOT_FOUND') {
      return {
        reason: 'the addon is not built (npm run build; picket doctor says what is missing)',
      };
    }
    return { reason: `the addon cannot be loaded: ${message.split('\n')[0]}` };
  }
  if (addon.layoutVersion !== LAYOUT_VERSION) {
    const versions = `${addon.layoutVersion}, this program ${LAYOUT_VERSION}`;
    return { reason: `the addon is of another version (batch layout ${versions}): npm run build` };
  }
  return { addon };
}
