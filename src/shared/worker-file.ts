import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/**
 * What to start as a worker thread: `name` (without extension) beside the module at `moduleUrl`.
 * That is the compiled file; where sources run (tests, tsx) it is the source behind tsx's loader,
 * which does not reach into threads by itself.
 */
export function workerFile(moduleUrl: string, name: string): URL {
  if (!moduleUrl.endsWith('.ts')) return new URL(`${name}.js`, moduleUrl);
  // `require.resolve` finds the CommonJS twin, whose `register` does not find its own loader.
  const commonjs = createRequire(import.meta.url).resolve('tsx/esm/api');
  const api = pathToFileURL(commonjs.replace(/\.cjs$/, '.mjs')).href;
  const source = new URL(`${name}.ts`, moduleUrl).href;
  const program = `import { register } from '${api}'; register(); await import('${source}');`;
  return new URL(`data:text/javascript,${encodeURIComponent(program)}`);
}
