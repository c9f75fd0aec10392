/**
 * Reads picket.yaml and reports every mistake at once: where it is, what is wrong, what is
 * accepted. The only file that knows `yaml`.
 */
import { readFileSync, statSync } from 'node:fs';
import { LineCounter, isMap, isNode, isScalar, parseDocument, type Document } from 'yaml';
import { PicketError } from '../shared/errors.js';
import { findProblems, problemText, type Path, type Problem } from './problems.js';
import type { ConfigSchema, PicketConfig } from './schema.js';

/** Largest configuration read. Ten thousand allowlist entries are about 1 MiB. */
const CONFIG_SIZE_MAX = 4 * 1024 * 1024;

/** A value given on the command line, which wins over the file. */
export interface Override {
  path: Path;
  value: unknown;
  /** As the user typed it (`--workers`), to name it when the value is wrong. */
  flag: string;
}

export interface ConfigSource {
  /** Null: no file, only defaults and overrides. */
  path: string | null;
  overrides?: readonly Override[];
}

/**
 * The checked configuration. An empty value (`detectors:` with nothing under it) means its default.
 * @throws PicketError `config-invalid` naming every problem, one a line; `input-unreadable` without
 * the file.
 */
export function loadConfig(schema: ConfigSchema, source: ConfigSource): PicketConfig {
  const text = source.path === null ? '' : readText(source.path);
  return parseConfig(schema, text, source.path ?? 'defaults', source.overrides ?? []);
}

/** As `loadConfig`, from text; `name` is how errors call it. */
export function parseConfig(
  schema: ConfigSchema,
  text: string,
  name: string,
  overrides: readonly Override[] = [],
): PicketConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const syntax = document.errors.map((error): Problem => {
    const { line, col } = lines.linePos(error.pos[0]);
    return {
      where: `${name}:${line}:${col}`,
      path: '',
      message: `not valid YAML: ${error.message}`,
    };
  });
  if (syntax.length > 0) throw invalid(syntax);

  const values = withOverrides(toValues(document, name), overrides);
  // Compiling a schema takes longer than using it once.
  const result = schema.safeParse(values, { jitless: true });
  if (result.success) return result.data;
  const found = findProblems(schema, values, result.error.issues).map((problem) => ({
    ...problem,
    offset: offsetOf(document, problem.path, problem.atKey) ?? 0,
  }));
  found.sort((left, right) => left.offset - right.offset);
  throw invalid(
    found.map(({ path, message, offset }) => ({
      where: placeOf(lines, name, path, offset, overrides),
      path: path.join('.'),
      message,
    })),
  );
}

function readText(path: string): string {
  try {
    const { size } = statSync(path);
    if (size > CONFIG_SIZE_MAX) {
      throw new PicketError(
        'config-invalid',
        `${path} is ${size} bytes; at most ${CONFIG_SIZE_MAX} are read.`,
      );
    }
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof PicketError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new PicketError('input-unreadable', `The configuration cannot be read: ${reason}.`);
  }
}

function toValues(document: Document.Parsed, name: string): unknown {
  try {
    return withoutEmpty(document.toJS({ maxAliasCount: 100 })) ?? {};
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw invalid([{ where: `${name}:1:1`, path: '', message: `not usable YAML: ${reason}` }]);
  }
}

/** Drops empty values, so that a section with everything commented out means its defaults. */
function withoutEmpty(value: unknown): unknown {
  if (value === null) return undefined;
  if (Array.isArray(value) || typeof value !== 'object') return value;
  const kept = Object.entries(value).map(([key, inner]) => [key, withoutEmpty(inner)] as const);
  return Object.fromEntries(kept.filter(([, inner]) => inner !== undefined));
}

function withOverrides(values: unknown, overrides: readonly Override[]): unknown {
  if (typeof values !== 'object' || values === null || Array.isArray(values)) return values;
  const root = structuredClone(values) as Record<string, unknown>;
  for (const { path, value } of overrides) {
    let section = root;
    for (const step of path.slice(0, -1)) {
      const inner = section[step];
      const usable = typeof inner === 'object' && inner !== null && !Array.isArray(inner);
      const next = (usable ? inner : {}) as Record<string, unknown>;
      section[step] = next;
      section = next;
    }
    section[path[path.length - 1] as string] = value;
  }
  return root;
}

/** `picket.yaml:12:16`, or the flag that gave the value. */
function placeOf(
  lines: LineCounter,
  name: string,
  path: Path,
  offset: number,
  overrides: readonly Override[],
): string {
  const override = overrides.find((one) => one.path.every((step, index) => step === path[index]));
  if (override) return override.flag;
  const { line, col } = lines.linePos(offset);
  return `${name}:${line}:${col}`;
}

/** Offset of the value at `path` (or of its key), or of the nearest enclosing node that exists. */
function offsetOf(document: Document.Parsed, path: Path, atKey: boolean): number | null {
  for (let depth = path.length; depth >= 0; depth--) {
    const parent = depth === 0 ? null : document.getIn(path.slice(0, depth - 1), true);
    if (atKey && depth === path.length && isMap(parent)) {
      const pair = parent.items.find(
        (item) => isScalar(item.key) && String(item.key.value) === path[depth - 1],
      );
      if (pair && isNode(pair.key) && pair.key.range) return pair.key.range[0];
    }
    const node = document.getIn(path.slice(0, depth), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return null;
}

function invalid(problems: Problem[]): PicketError {
  const count = problems.length === 1 ? 'one mistake' : `${problems.length} mistakes`;
  const text = problems.map((problem) => `  ${problemText(problem)}`).join('\n');
  return new PicketError('config-invalid', `The configuration has ${count}:\n${text}`);
}
