/** `picket check`: is the configuration right? */
import { loadConfig } from '../config/load.js';
import { buildConfigSchema, type PicketConfig } from '../config/schema.js';
import { DETECTORS } from '../detect/registry.js';
import { PicketError } from '../shared/errors.js';
import { CONFIG_DEFAULT_PATH, configPath } from './flags.js';
import { print } from './stdout.js';

/**
 * Says so when it is; warns of what is accepted but surely not meant.
 * @throws PicketError `config-invalid` with every mistake.
 */
export function check(flags: { config?: string }): number {
  const path = configPath(flags.config);
  if (path === null) {
    const fix = 'Name one with --config, or run without: everything has a default.';
    throw new PicketError('usage', `There is no ${CONFIG_DEFAULT_PATH} in this directory. ${fix}`);
  }
  const config = loadConfig(buildConfigSchema(DETECTORS), { path });
  print(`${path}: valid\n`);
  for (const warning of configWarnings(config, new Date())) print(`warning: ${warning}\n`);
  return 0;
}

/** Settings that are valid alone but not what anyone wants. */
export function configWarnings(config: PicketConfig, now: Date): string[] {
  const today = now.toISOString().slice(0, 10);
  const warnings: string[] = [];
  if (config.home_nets.length === 0) {
    warnings.push('home_nets is empty: `picket read` will need --home');
  }
  config.allowlist.forEach((entry, index) => {
    if (entry.expires !== undefined && entry.expires < today) {
      warnings.push(`allowlist.${index}: ${entry.cidr} expired on ${entry.expires}`);
    }
  });
  if (config.workers > config.shards) {
    warnings.push(
      `workers: ${config.workers} is more than shards (${config.shards}); the rest idle`,
    );
  }
  return warnings;
}
