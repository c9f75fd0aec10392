/** One thing that must work on this machine, and what to do when it does not. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export type CheckStatus = 'ok' | 'warn' | 'missing';

export interface CheckResult {
  /** Short name, snake_case: stable, for scripts. */
  check: string;
  status: CheckStatus;
  /** What was found, one line. */
  found: string;
  /** What to do; absent when nothing is to be done. */
  fix?: string;
}

export function ok(check: string, found: string): CheckResult {
  return { check, status: 'ok', found };
}

export function warn(check: string, found: string, fix: string): CheckResult {
  return { check, status: 'warn', found, fix };
}

export function missing(check: string, found: string, fix: string): CheckResult {
  return { check, status: 'missing', found, fix };
}

/** Output of a command that answers at once, or null when it is absent or fails. */
export function outputOf(command: string, args: readonly string[]): string | null {
  const run = spawnSync(command, [...args], { encoding: 'utf8', timeout: 5_000 });
  return run.status === 0 ? run.stdout : null;
}

/** A file of /proc or /sys, or null where there is none. */
export function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}
