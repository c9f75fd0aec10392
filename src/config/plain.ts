/**
 * The configuration of a run that has no file, as most have that read a capture. Building the
 * schema takes longer than all else such a run does before its first packet, so what needs no
 * judgement is answered from the defaults that were made of the schema.
 */
import { parseNetwork } from '../shared/cidr.js';
import { HOME_NETS_MAX, OBSERVERS } from './bounds.js';
import { DEFAULT_CONFIG } from './defaults.js';
import type { Override } from './load.js';
import type { PicketConfig } from './schema.js';

/** Null when the schema has to look: what it accepts, and what it says otherwise, is its own. */
export function plainConfig(overrides: readonly Override[]): PicketConfig | null {
  let config: PicketConfig = DEFAULT_CONFIG;
  for (const { path, value } of overrides) {
    const observer = OBSERVERS.find((name) => name === value);
    if (path.join('.') === 'home_nets') {
      const homeNets = networksOf(value);
      if (homeNets === null) return null;
      config = { ...config, home_nets: homeNets };
    } else if (path.join('.') === 'observer' && observer !== undefined) {
      config = { ...config, observer };
    } else {
      return null;
    }
  }
  return config;
}

function networksOf(value: unknown): string[] | null {
  if (!Array.isArray(value) || value.length > HOME_NETS_MAX) return null;
  const networks = value.map((text) => parseNetwork(String(text))?.cidr);
  return networks.includes(undefined) ? null : (networks as string[]);
}
