import { hasCap } from '../../packages/observer/src/capture/live-source.js';
import { PicketError } from '../shared/errors.js';
import type { Observer, ObserverOptions } from './contract.js';
import { type LoadedAddon, loadAddon } from './load-addon.js';
import { openNativeObserver } from './native-observer.js';
import { openTypescriptObserver } from './typescript-observer.js';

export type ObserverChoice = 'auto' | 'native' | 'typescript';

export interface OpenedObserver {
  observer: Observer;
  /** Why `auto` did not take the native observer, as a clause; to be said once. */
  fellBack?: string;
}

/**
 * Opens the observer asked for; `auto` takes the native one when it can be used. `live` says that
 * an interface will be watched, for which the addon needs libpcap; the TypeScript observer has one
 * ring however many are asked for.
 * @throws PicketError `observer-unavailable`
 */
export function openObserver(
  choice: ObserverChoice,
  options: ObserverOptions,
  live: { rings: number } | null,
  loaded: LoadedAddon = loadAddon(),
): OpenedObserver {
  if (choice === 'typescript') return { observer: openTypescriptObserver(options) };
  const reason = reasonAgainst(loaded, live !== null);
  if ('addon' in loaded && reason === undefined) {
    return { observer: openNativeObserver(loaded.addon, options, live?.rings ?? 1) };
  }
  if (choice === 'native') {
    const hint = 'Use --observer auto to go on with the TypeScript observer';
    throw new PicketError(
      'observer-unavailable',
      `The native observer cannot be used: ${reason}. ${hint}.`,
    );
  }
  return { observer: openTypescriptObserver(options), fellBack: reason ?? '' };
}

/** Live, an addon without libpcap is no better than none; without `cap` too, it explains itself. */
function reasonAgainst(loaded: LoadedAddon, isLive: boolean): string | undefined {
  if ('reason' in loaded) return loaded.reason;
  if (isLive && !loaded.addon.hasLiveCapture && hasCap()) {
    return 'the addon was built without libpcap (apt-get install libpcap-dev, npm run build)';
  }
  return undefined;
}
