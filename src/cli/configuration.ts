/** The configuration of a run: file, then flags. */
import { loadConfig } from '../config/load.js';
import { buildConfigSchema, type PicketConfig } from '../config/schema.js';
import { DETECTORS } from '../detect/registry.js';
import type { Configuration } from '../fleet/reload.js';
import { configPath, type FleetFlags, overridesOf } from './flags.js';

/** @throws PicketError `config-invalid` or `input-unreadable`. */
export function configFor(flags: FleetFlags): PicketConfig {
  const source = { path: configPath(flags.config), overrides: overridesOf(flags) };
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
