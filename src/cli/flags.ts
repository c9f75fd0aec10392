/** What `read` and `run` share on the command line. */
import { existsSync } from 'node:fs';
import type { Override } from '../config/load.js';
import type { PicketConfig } from '../config/schema.js';

/** Read when `--config` is not given and it exists. */
export const CONFIG_DEFAULT_PATH = 'picket.yaml';

export interface SharedFlags {
  home?: string[];
  json?: boolean;
  config?: string;
  observer?: string;
  workers?: number;
}

/** What the commands that may be part of a fleet take beside them. */
export interface FleetFlags extends SharedFlags {
  interface?: string;
  redis?: string;
  namespace?: string;
  sensor?: string;
  stayRoot?: boolean;
}

/** What the command line says of the configuration. */
export function overridesOf(flags: FleetFlags): Override[] {
  const given: [flag: string, path: string[], value: unknown][] = [
    ['--home', ['home_nets'], flags.home],
    ['--observer', ['observer'], flags.observer],
    ['--workers', ['workers'], flags.workers],
    ['--interface', ['capture', 'interface'], flags.interface],
    ['--namespace', ['redis', 'namespace'], flags.namespace],
    ['--sensor', ['sensor'], flags.sensor],
    ['--stay-root', ['privileges', 'stay_root'], flags.stayRoot],
  ];
  return given
    .filter(([, , value]) => value !== undefined)
    .map(([flag, path, value]) => ({ flag, path, value }));
}

/** The Redis URL of this run, or null when none was given anywhere. */
export function redisUrlOf(flags: FleetFlags, config: PicketConfig): string | null {
  return flags.redis ?? process.env.PICKET_REDIS_URL ?? (config.redis.url || null);
}

/** The file named, else picket.yaml here, else null: defaults only. */
export function configPath(named: string | undefined): string | null {
  if (named !== undefined) return named;
  return existsSync(CONFIG_DEFAULT_PATH) ? CONFIG_DEFAULT_PATH : null;
}
