/**
 * `picket read`: what do these captures contain? Reading begins as soon as it is known what is to
 * be read and how; everything that judges and prints is loaded meanwhile.
 */
import { setImmediate } from 'node:timers/promises';
import { startAhead } from '../capture/head-start.js';
import { plainConfig } from '../config/plain.js';
import type { PicketConfig } from '../config/schema.js';
import { observerOptions } from '../pipeline-options.js';
import { configPath, overridesOf, type SharedFlags } from './flags.js';
import { requireHome } from './input.js';

/**
 * Reads the files in the order given and reports. Returns 3 when one of them is damaged; everything
 * readable has been reported then.
 * @throws PicketError for what is wrong before reading begins.
 */
export async function read(files: string[], flags: SharedFlags): Promise<number> {
  const config = await readingConfig(flags);
  requireHome(config);
  const input = { kind: 'files' as const, paths: files };
  const observer = startAhead(config.observer, observerOptions(config), input);
  // Loading blocks this thread; the observer's is told by then what to read.
  await setImmediate();
  const { readOn } = await import('./read-on.js');
  return await readOn({ config, input, observer, json: flags.json === true });
}

async function readingConfig(flags: SharedFlags): Promise<PicketConfig> {
  const plain = configPath(flags.config) === null ? plainConfig(overridesOf(flags)) : null;
  if (plain) return plain;
  const { configFor } = await import('./configuration.js');
  return configFor(flags);
}
