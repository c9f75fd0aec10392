/** The configuration in the words of each room. */
import { availableParallelism } from 'node:os';
import { PAYLOAD_SIGNATURES } from '../packages/plugin-api/src/payload-signatures.js';
import type { Input, ObserverOptions } from './capture/contract.js';
import type { LoadMeterOptions } from './capture/load-meter.js';
import type { PicketConfig } from './config/schema.js';
import type { DetectOptions } from './detect/options.js';
import { areCoresFew } from './shared/threads.js';

/** Workers chosen when the configuration leaves it open: detection is rarely the bottleneck. */
const WORKERS_CHOSEN_MAX = 4;

export function workerCount(config: PicketConfig): number {
  const chosen = Math.min(Math.max(1, availableParallelism() - 1), WORKERS_CHOSEN_MAX);
  return Math.min(config.workers === 0 ? chosen : config.workers, config.shards);
}

/**
 * Whether a capture is judged by the thread that reads it: on so few cores, a thread of its own
 * takes them from the packets. Live, the judge must never keep anyone waiting.
 */
export function judgesInline(config: Pick<PicketConfig, 'workers'>): boolean {
  return config.workers === 0 && areCoresFew();
}

export function observerOptions(config: PicketConfig): ObserverOptions {
  const { tables, early } = config;
  return {
    sensor: config.sensor,
    homeNets: config.home_nets,
    shardCount: config.shards,
    epochUs: config.epoch_ms * 1000,
    darkAfterUs: config.dark_after_s * 1e6,
    silentAfterUs: config.silent_after_s * 1e6,
    earlyTargets: early.targets,
    earlyPorts: early.ports,
    earlyPairs: early.pairs,
    payloadSignatures: PAYLOAD_SIGNATURES,
    tables: {
      sourcesMax: tables.sources_max,
      lightSourcesMax: tables.light_sources_max,
      targetsMax: tables.targets_max,
      hostsMax: tables.hosts_max,
      contactsMax: tables.contacts_max,
      sketchesMax: tables.sketches_max,
      portPagesMax: tables.port_pages_max,
      flowsMax: tables.flows_max,
      fragmentsMax: tables.fragments_max,
      duplicatesMax: tables.duplicates_max,
      signaturesMax: tables.signatures_max,
      singlesEmittedMax: tables.singles_emitted_max,
    },
  };
}

export function loadMeterOptions(
  { outputs }: PicketConfig,
  { bufferSize }: Input & { kind: 'interface' },
): LoadMeterOptions {
  const { percent, intervals } = outputs.loss_alarm;
  return { ringSize: bufferSize, lossPercent: percent, lossIntervals: intervals };
}

/** `enabled` is the configuration's word; the room knows a section or `false`. */
export function detectOptions(config: PicketConfig): DetectOptions {
  const detectors: DetectOptions['detectors'] = {};
  for (const [id, section] of Object.entries(config.detectors)) {
    const { enabled, ...settings } = section as Record<string, unknown>;
    detectors[id] = enabled === false ? false : settings;
  }
  return {
    detectors,
    shardCount: config.shards,
    windowSourcesMax: config.windows.sources_max,
    windowTargetsMax: config.windows.targets_max,
    historySourcesMax: config.windows.history_sources_max,
    windowBytesMax: config.windows.memory_mib * 2 ** 20,
    pauseUs: config.correlate.idle_s * 1e6,
    sensorSilentUs: config.windows.sensor_silent_s * 1e6,
  };
}
