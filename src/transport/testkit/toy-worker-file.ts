/**
 * Compiles the toy worker to JavaScript in a temporary folder, since a worker thread of Node 20
 * cannot read TypeScript. Loading tsx in each thread instead costs 300 ms a thread.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';

/** Everything the toy worker imports, from `src`. */
const FILES = [
  'transport/testkit/toy-worker',
  'transport/testkit/toy-judge',
  'transport/embedded-worker',
  'shared/errors',
];
const SOURCE = new URL('../../', import.meta.url);

export function compileToyWorker(): { url: URL; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'picket-toy-worker-'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const { ESNext: module } = ts.ModuleKind;
  for (const file of FILES) {
    const source = readFileSync(new URL(`${file}.ts`, SOURCE), 'utf8');
    const path = join(folder, `${file}.js`);
    mkdirSync(dirname(path), { recursive: true });
    const compilerOptions = { module, target: ts.ScriptTarget.ES2023 };
    writeFileSync(path, ts.transpileModule(source, { compilerOptions }).outputText);
  }
  return {
    url: pathToFileURL(join(folder, `${FILES[0]}.js`)),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
