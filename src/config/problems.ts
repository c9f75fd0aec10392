/**
 * Turns schema issues into sentences: the offending value, what is accepted, the key that was
 * meant.
 */
import type * as z from 'zod';
import { acceptedText, settingAt, toSettingSchema, type SettingSchema } from './accepted.js';
import type { ConfigSchema } from './schema.js';

export type Path = readonly (string | number)[];

export interface Problem {
  /** `file:line:column`, or the command-line flag. */
  where: string;
  /** Dotted path of the setting; empty for the whole file. */
  path: string;
  message: string;
}

export interface LocatedProblem {
  path: Path;
  message: string;
  /** The key itself is wrong, not its value. */
  atKey: boolean;
}

/** One line for people. */
export function problemText({ where, path, message }: Problem): string {
  return `${where}: ${path === '' ? '' : `${path}: `}${message}`;
}

/** Every issue as a problem; an issue about several unknown keys becomes one problem a key. */
export function findProblems(
  schema: ConfigSchema,
  values: unknown,
  issues: readonly z.core.$ZodIssue[],
): LocatedProblem[] {
  const settings = toSettingSchema(schema);
  return issues.flatMap((issue) => {
    const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => unknownKey(settings, path, key));
    }
    return [wrongValue(settings, path, valueAt(values, path), issue)];
  });
}

function unknownKey(settings: SettingSchema, path: Path, key: string): LocatedProblem {
  const known = Object.keys(settingAt(settings, path)?.properties ?? {});
  const nearest = nearestKey(key, known);
  const hint = nearest ? `did you mean ${nearest}?` : `known here: ${known.join(', ')}`;
  return { path: [...path, key], message: `unknown key; ${hint}`, atKey: true };
}

function wrongValue(
  settings: SettingSchema,
  path: Path,
  value: unknown,
  issue: z.core.$ZodIssue,
): LocatedProblem {
  const setting = settingAt(settings, path);
  const accepted = setting ? acceptedText(setting) : issue.message;
  if (value === undefined) return { path, message: `missing; give ${accepted}`, atKey: false };
  const reset =
    setting?.default === undefined || typeof setting.default === 'object' || setting.default === ''
      ? ''
      : ` (default ${String(setting.default)})`;
  return {
    path,
    message: `${valueText(value)} is not accepted; give ${accepted}${reset}`,
    atKey: false,
  };
}

function valueAt(values: unknown, path: Path): unknown {
  let value = values;
  for (const step of path) value = (value as Record<string | number, unknown> | undefined)?.[step];
  return value;
}

function valueText(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** The known key with the fewest edits, when they are few enough to be a slip of the hand. */
export function nearestKey(key: string, known: readonly string[]): string | null {
  let best: string | null = null;
  let fewest = Math.max(2, Math.floor(key.length / 3)) + 1;
  for (const candidate of known) {
    const edits = editDistance(key.slice(0, 64), candidate);
    if (edits < fewest) [best, fewest] = [candidate, edits];
  }
  return best;
}

/** Levenshtein distance; both texts are short. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
