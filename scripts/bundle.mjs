// Gathers the program's modules and packages into few files in dist/: node spends a third of a
// second on finding and opening hundreds, which is what `picket --help` would take. Types come from
// tsc. Programs keep the place their source has (src/shared/program-file.ts); what lies there only
// launches the code in dist/code (src/launch.ts), which is CommonJS: that node can be given with
// what V8 made of it.
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { build, transform } from 'esbuild';

/** Its commands are loaded when they are asked for. */
const COMMAND = 'src/main';
/** Threads: one piece of code each, since what crosses pieces is looked up at each use. */
const THREADS = ['src/worker', 'src/capture/typescript-worker'];
/** Read by node itself: a process of its own, and what authors of detectors import. */
const MODULES = ['packages/observer/src/capture/live-process', 'packages/plugin-api/src/index'];

const CODE = 'dist/code';
const shared = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  // Node reads less; the names stay, for stack traces.
  minifySyntax: true,
  minifyWhitespace: true,
  // Optional and compiled on the machine.
  external: ['cap'],
  logLevel: 'warning',
};
/** Code is the body of a function, as node has it for CommonJS. */
const asBody = {
  format: 'cjs',
  platform: 'node',
  target: 'node20.19',
  minifySyntax: true,
  minifyWhitespace: true,
  supported: { 'dynamic-import': false },
  define: { 'import.meta.url': 'picketUrl' },
  footer: '})',
};
const HEAD = '(function(exports,require,module,__filename){"use strict";';
/** Of a piece that asks where it lies; few do. */
const HEAD_WITH_URL = `${HEAD}const picketUrl=require("node:url").pathToFileURL(__filename).href;`;

rmSync(CODE, { recursive: true, force: true });
await bundleCommand();
await Promise.all(THREADS.map(bundleThread));
await build({
  ...shared,
  entryPoints: MODULES.map((name) => `${name}.ts`),
  outbase: '.',
  outdir: 'dist',
  format: 'esm',
  sourcemap: true,
  // Packages that are CommonJS ask for node's own modules with `require`.
  banner: {
    js:
      "import { createRequire as picketRequire } from 'node:module';\n" +
      'const require = picketRequire(import.meta.url);',
  },
});
await build({ ...shared, entryPoints: ['src/launch.ts'], outfile: 'dist/src/launch.js' });
write('dist/src/package.json', '{ "type": "commonjs" }\n');
for (const name of [COMMAND, ...THREADS]) writeLauncher(name);

/** esbuild divides modules only, so each piece is made CommonJS in a second step. */
async function bundleCommand() {
  const { outputFiles } = await build({
    ...shared,
    entryPoints: [`${COMMAND}.ts`],
    outbase: '.',
    outdir: CODE,
    chunkNames: 'chunks/[name]-[hash]',
    splitting: true,
    format: 'esm',
    sourcemap: 'inline',
    write: false,
  });
  for (const { path, text } of outputFiles) {
    const sourcefile = relative(dirname(path), path);
    const { code, map } = await transform(text.replace(/^#!.*\n/, ''), {
      ...asBody,
      banner: text.includes('import.meta.url') ? HEAD_WITH_URL : HEAD,
      sourcefile,
      sourcemap: 'external',
    });
    write(path, `${code}//# sourceMappingURL=${sourcefile}.map\n`);
    write(`${path}.map`, map);
  }
}

async function bundleThread(name) {
  await build({
    ...shared,
    ...asBody,
    banner: { js: HEAD_WITH_URL },
    footer: { js: asBody.footer },
    entryPoints: [`${name}.ts`],
    outfile: `${CODE}/${name}.js`,
    sourcemap: true,
  });
}

/** The first line of a command's source says how node is to be started. */
function writeLauncher(name) {
  const firstLine = readFileSync(`${name}.ts`, 'utf8').match(/^#!.*\n/)?.[0] ?? '';
  const from = dirname(resolve('dist', name));
  const launcher = `./${relative(from, resolve('dist/src/launch.js'))}`;
  const code = relative(from, resolve(CODE, `${name}.js`));
  const path = `dist/${name}.js`;
  write(
    path,
    `${firstLine}const { join } = require('node:path');\n` +
      `require('${launcher}').launch(join(__dirname, '${code}'));\n`,
  );
  if (firstLine) chmodSync(path, 0o755);
}

function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
