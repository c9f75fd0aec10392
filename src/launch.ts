/**
 * Starts a built program. Node would compile it anew each time, which takes longer than reading a
 * small capture does; so the build keeps what V8 made of each piece of code beside it
 * (`scripts/code-cache.mjs`). A cache of another V8, or none, changes nothing but the time.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { constants, Script } from 'node:vm';

type Body = (
  exports: object,
  require: (name: string) => unknown,
  module: { exports: object },
  fileName: string,
) => void;

const requireOther = createRequire(__filename);
/** By file. */
const loaded = new Map<string, { exports: object }>();

/** Runs a piece of code that `scripts/bundle.mjs` wrote, and those it asks for, each once. */
export function launch(file: string): object {
  const known = loaded.get(file);
  if (known) return known.exports;
  const module = { exports: {} };
  loaded.set(file, module);
  const cachedData = cacheOf(file);
  const script = new Script(readFileSync(file, 'utf8'), {
    filename: file,
    ...(cachedData && { cachedData }),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const body = script.runInThisContext() as Body;
  const folder = dirname(file);
  const require = (name: string): unknown => {
    if (name.startsWith('./')) return launch(`${folder}/${name.slice(2)}`);
    return name.startsWith('.') ? launch(join(folder, name)) : requireOther(name);
  };
  body(module.exports, require, module, file);
  module.exports = plain(module.exports);
  return module.exports;
}

/**
 * What a piece exports, as values: a bundler's getters are asked at every use, which was a tenth of
 * the time of who judges. A getter stays where a value may come later.
 */
function plain(exports: object): object {
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(exports)) {
    if (value !== undefined) values[name] = value;
    else Object.defineProperty(values, name, { get: () => Reflect.get(exports, name) });
  }
  return Object.defineProperty(values, '__esModule', { value: true });
}

function cacheOf(file: string): Buffer | undefined {
  try {
    return readFileSync(`${file}.cache`);
  } catch {
    return undefined;
  }
}
