/** What `read` and `run` share on the command line, and how it joins the configuration. */
import { existsSync } from 'node:fs';
import { type ConfigSource, loadConfig, type Override } from '../config/load.js';
import { buildConfigSchema, type PicketConfig } from '../config/schema.js';
import { DETECTORS } from '../detect/registry.js';
import type { Configuration } from '../fleet/reload.js';

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

/**
 * The configuration of this run: file, then flags.
 * @throws PicketError `config-invalid` or `input-unreadable`.
 */
export function configFor(flags: FleetFlags): PicketConfig {
  const overrides: Override[] = [];
  const given: [flag: string, path: string[], value: unknown][] = [
    ['--home', ['home_nets'], flags.home],
    ['--observer', ['observer'], flags.observer],
    ['--workers', ['workers'], flags.workers],
    ['--interface', ['capture', 'interface'], flags.interface],
    ['--namespace', ['redis', 'namespace'], flags.namespace],
    ['--sensor', ['sensor'], flags.sensor],
    ['--stay-root', ['privileges', 'stay_root'], flags.stayRoot],
  ];
  for (const [flag, path, value] of given) {
    if (value !== undefined) overrides.push({ flag, path, value });
  }
  const source: ConfigSource = { path: configPath(flags.config), overrides };
  return loadConfig(buildConfigSchema(DETECTORS), source);
}

/** How the command `reload` reads it again. `adjust` is what this run did to it at its start. */
export function configurationOf(
  flags: FleetFlags,
  adjust: (config: PicketConfig) => PicketConfig = (config) => config,
): Configuration {
  return {
    get file() {
      return configPath(flags.config);
    },
    load: () => adjust(configFor(flags)),
  };
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
