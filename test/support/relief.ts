/**
 * Does to capture files what `capture.relief` does to an interface, without being root: libpcap
 * compiles the same filter, `native/test/filter_capture.cc` applies it.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RELIEF_SILENT_S, withRelief } from '../../src/capture/relief.js';
import { canonical, type Event } from './picket.js';

export interface Filtered {
  frames: number;
  bytes: number;
  keptFrames: number;
  keptBytes: number;
  /** The capture is damaged; what came before the damage was filtered. */
  isDamaged: boolean;
}

/** Why captures cannot be filtered here, or null. */
export function reliefUnavailable(): string | null {
  const program = '#include <pcap/pcap.h>\n';
  const run = spawnSync('g++', ['-x', 'c++', '-fsyntax-only', '-'], { input: program });
  if (run.error) return 'no C++ compiler';
  return run.status === 0 ? null : 'no libpcap headers';
}

/** Builds the filtering program, under sanitizers, and returns its path. @throws Error */
export function buildFilter(): string {
  const words = ['native/test/build.sh', 'filter_capture'];
  const built = spawnSync('bash', words, { encoding: 'utf8' });
  if (built.status !== 0) throw new Error(built.stderr);
  return built.stdout.trim();
}

/**
 * Writes to `kept` what of the plain capture `path` the filter takes, without the first
 * `skippedCount` frames.
 * @throws Error when the file cannot be opened or the filter does not compile.
 */
export function filterCapture(
  program: string,
  filter: string,
  path: string,
  kept: string,
  skippedCount = 0,
): Filtered {
  const words = ['-s', `${skippedCount}`, filter, path, kept];
  const run = spawnSync(program, words, { encoding: 'utf8' });
  if (run.status !== 0 && run.status !== 1) throw new Error(`${path}: ${run.stderr}`);
  const [frames = 0, bytes = 0, keptFrames = 0, keptBytes = 0] =
    run.stdout.match(/\d+/g)?.map(Number) ?? [];
  return { frames, bytes, keptFrames, keptBytes, isDamaged: run.status === 1 };
}

/** The same with what relief lets through to a sensor of `homeNets`. */
export function relieve(
  program: string,
  path: string,
  kept: string,
  homeNets: readonly string[],
  filter = '',
): Filtered {
  return filterCapture(program, withRelief(filter, homeNets), path, kept);
}

/** The words that have `picket read` judge as a live sensor with relief does. */
export function relievedWords(folder: string): string[] {
  const config = join(folder, 'relieved.yaml');
  writeFileSync(config, `silent_after_s: ${RELIEF_SILENT_S}\n`);
  return ['--config', config];
}

/**
 * Findings and incidents as `canonical`, without `coverage`: like `stats`, it counts the packets
 * that came up.
 */
export function canonicalJudgement(events: Event[]): string {
  const judged = events.map((event) => {
    if (event.event_type !== 'finding') return event;
    const { coverage: _, ...finding } = event.finding;
    return { ...event, finding };
  });
  return canonical(judged);
}
