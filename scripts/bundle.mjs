// Gathers the program's modules and packages into few files in dist/: node spends a third of a
// second on finding and opening hundreds, which is what `picket --help` would take. Types come from
// tsc. Programs keep the place their source has (src/shared/program-file.ts).
import { rmSync } from 'node:fs';
import { build } from 'esbuild';

const PROGRAMS = [
  'src/main.ts',
  'src/worker.ts',
  'src/capture/typescript-worker.ts',
  'packages/observer/src/capture/live-process.ts',
  'packages/plugin-api/src/index.ts',
];

rmSync('dist/chunks', { recursive: true, force: true });
await build({
  entryPoints: PROGRAMS,
  outbase: '.',
  outdir: 'dist',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  // Node reads less; the names stay, for stack traces.
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: true,
  // Optional and compiled on the machine.
  external: ['cap'],
  // Packages that are CommonJS ask for node's own modules with `require`.
  banner: {
    js:
      "import { createRequire as picketRequire } from 'node:module';\n" +
      'const require = picketRequire(import.meta.url);',
  },
  logLevel: 'warning',
});
