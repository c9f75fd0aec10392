/**
 * Where the package and its programs lie. A build gathers the modules into few files, so nothing
 * may be found relative to the module that asks: programs are named from the package's folder.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const DEPTH_MAX = 8;
/** Whether the sources themselves run, behind tsx's loader: tests and benches. */
const IS_SOURCE = import.meta.url.endsWith('.ts');

interface Package {
  folder: string;
  version: string;
}

let found: Package | undefined;

/** The folder and version of our package.json. @throws Error when there is none above us. */
export function ownPackage(): Package {
  found ??= findPackage();
  return found;
}

/**
 * What to start as a worker thread. `name` is the program's source without extension, from the
 * package's folder: `src/worker`.
 */
export function threadFile(name: string): URL {
  const file = pathToFileURL(programPath(name)).href;
  if (!IS_SOURCE) return new URL(file);
  // tsx does not reach into threads by itself. `require.resolve` finds the CommonJS twin, whose
  // `register` does not find its own loader.
  const commonjs = createRequire(import.meta.url).resolve('tsx/esm/api');
  const api = pathToFileURL(commonjs.replace(/\.cjs$/, '.mjs')).href;
  const program = `import { register } from '${api}'; register(); await import('${file}');`;
  return new URL(`data:text/javascript,${encodeURIComponent(program)}`);
}

/** The arguments to node that start the program as a process; `name` as for `threadFile`. */
export function processArguments(name: string): string[] {
  if (!IS_SOURCE) return [programPath(name)];
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  return ['--import', loader, programPath(name)];
}

function programPath(name: string): string {
  const { folder } = ownPackage();
  return IS_SOURCE ? join(folder, `${name}.ts`) : join(folder, 'dist', `${name}.js`);
}

function findPackage(): Package {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (let depth = 0; depth < DEPTH_MAX; depth++, folder = dirname(folder)) {
    try {
      const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      if (name === 'picket') return { folder, version };
    } catch {
      // Not at this depth.
    }
  }
  throw new Error(`no package.json of picket above ${fileURLToPath(import.meta.url)}`);
}
