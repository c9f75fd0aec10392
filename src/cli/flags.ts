/** What `read` and `run` share on the command line, and how it joins the configuration. */
import { existsSync } from 'node:fs';
import { type ConfigSource, loadConfig, type Override } from '../config/load.js';
import { buildConfigSchema, type PicketConfig } from '../config/schema.js';
import { DETECTORS } from '../detect/registry.js';

/** Read when `--config` is not given and it exists. */
export const CONFIG_DEFAULT_PATH = 'picket.yaml';

export interface SharedFlags {
  home?: string[];
  json?: boolean;
  config?: string;
  observer?: string;
  workers?: number;
}

interface ConfigFlags extends SharedFlags {
  interface?: string;
  namespace?: string;
  sensor?: string;
}

/**
 * The configuration of this run: file, then flags.
 * @throws PicketError `config-invalid` or `input-unreadable`.
 */
export function configFor(flags: ConfigFlags): PicketConfig {
  const overrides: Override[] = [];
  const given: [flag: string, path: string[], value: unknown][] = [
    ['--home', ['home_nets'], flags.home],
    ['--observer', ['observer'], flags.observer],
    ['--workers', ['workers'], flags.workers],
    ['--interface', ['capture', 'interface'], flags.interface],
    ['--namespace', ['redis', 'namespace'], flags.namespace],
    ['--sensor', ['sensor'], flags.sensor],
  ];
  for (const [flag, path, value] of given) {
    if (value !== undefined) overrides.push({ flag, path, value });
  }
  const source: ConfigSource = { path: configPath(flags.config), overrides };
  return loadConfig(buildConfigSchema(DETECTORS), source);
}

/** The file named, else picket.yaml here, else null: defaults only. */
export function configPath(named: string | undefined): string | null {
  if (named !== undefined) return named;
  return existsSync(CONFIG_DEFAULT_PATH) ? CONFIG_DEFAULT_PATH : null;
}
