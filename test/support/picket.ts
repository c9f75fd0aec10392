/** Runs the built command as a user would, and reads what it says. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { assertEveEvent } from './eve-schema.js';

export const MAIN = resolve('dist/src/main.js');
export const ADDON = resolve('native/build/Release/picket.node');

export const OBSERVERS = ['native', 'typescript'] as const;
export type ObserverName = (typeof OBSERVERS)[number];

/**
 * Without a compiler there is no addon; the tests of the native observer then say so by being
 * skipped.
 */
export const isNativeBuilt = existsSync(ADDON);
export const builtObservers = OBSERVERS.filter((name) => name === 'typescript' || isNativeBuilt);

/**
 * The members of an EVE event that tests look at; `eve.schema.json` names all of them.
 */
export interface Event {
  event_type: 'finding' | 'incident' | 'alert' | 'operational' | 'stats';
  timestamp: string;
  src_ip?: string;
  dest_ip?: string;
  finding: {
    state: string;
    kind: string;
    phase: string;
    count: number;
    threshold: number;
    exact: boolean;
    first_seen: string;
    last_seen: string;
    coverage?: { seconds: number; dropped: number; singles_folded: number };
  };
  operational: { state: string; sensor: string; kernel_dropped: number; lost_percent: number };
  stats: { capture: Record<string, number> };
  incident: {
    id: string;
    state: string;
    actors: { ip: string; role: string }[];
    exposed: { ip: string; port: number }[];
    exposed_scope: { services: number; hosts: number; complete: boolean };
    scope: { hosts: number; ports: number; pairs: number; exact: boolean };
  };
}

export interface Outcome {
  status: number | null;
  stdout: string;
  stderr: string;
  events: Event[];
}

export interface RunOptions {
  input?: Uint8Array;
  env?: Record<string, string>;
  cwd?: string;
}

const RUN_MS_MAX = 120_000;
const OUTPUT_SIZE_MAX = 256 * 1024 * 1024;

/** @throws Error when the command is not built, does not start or does not end. */
export function runPicket(words: string[], options: RunOptions = {}): Outcome {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run npm run build first`);
  const run = spawnSync(process.execPath, [MAIN, ...words], {
    encoding: 'utf8',
    timeout: RUN_MS_MAX,
    maxBuffer: OUTPUT_SIZE_MAX,
    env: { ...process.env, ...options.env },
    ...(options.input ? { input: options.input } : {}),
    ...(options.cwd ? { cwd: options.cwd } : {}),
  });
  if (run.error) throw run.error;
  const { status, stdout, stderr } = run;
  return { status, stdout, stderr, events: isEve(words) ? eventsOf(stdout) : [] };
}

/** @throws Error when a line is not one JSON object of the EVE schema. */
export function eventsOf(stdout: string): Event[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const event = JSON.parse(line) as Event;
      assertEveEvent(event);
      return event;
    });
}

export const findingsOf = (events: Event[], kind?: string): Event[] =>
  events.filter(
    (event) =>
      event.event_type === 'finding' && (kind === undefined || event.finding.kind === kind),
  );

/**
 * Findings and incidents, keys sorted, one line each in the order given; `stats` is about the run.
 */
export function canonical(events: Event[]): string {
  return events
    .filter((event) => event.event_type !== 'stats')
    .map((event) => `${JSON.stringify(sortKeys(event))}\n`)
    .join('');
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, member]) => [key, sortKeys(member)]));
}

/** `--json` of `status` is not events. */
function isEve(words: string[]): boolean {
  return words.includes('--json') && words[0] !== 'status';
}
