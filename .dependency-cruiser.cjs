// Who may import whom; docs/architecture.md says it in prose. Run by scripts/architecture.mjs.
const ROOMS = 'capture|ingest|transport|detect|correlate|respond|store|output';

/** One library, one home: a rule for each library that only one file or folder may import. */
const LIBRARY_HOMES = {
  '(cap)': 'packages/observer/src/capture/',
  '(raw-socket)': '(src/respond|packages/lab)/',
  '(bullmq|ioredis)': 'src/transport/bullmq',
  '(hono|@hono)': 'src/output/http/',
  '(maxmind)': 'src/enrich/asn',
  '(prom-client)': 'src/shared/metrics',
  '(pino)': 'src/shared/logger[.]ts$',
  '(yaml)': 'src/config/load[.]ts$',
  '(commander)': 'src/main[.]ts$',
  '(cli-progress)': 'src/cli/progress[.]ts$',
};

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      comment: 'A cycle means two files are one file. Types alone may refer back: nothing loads.',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'rooms-do-not-import-each-other',
      severity: 'error',
      comment: 'Only src/pipeline.ts, src/fleet and src/main.ts (with src/cli) wire rooms together.',
      from: { path: `^src/(${ROOMS})/` },
      to: { path: `^src/(${ROOMS})/`, pathNot: '^src/$1/' },
    },
    {
      name: 'rooms-do-not-look-up',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: '^src/(cli|fleet)/' },
      to: { path: '^src/(main[.]ts$|pipeline[.]ts$|cli/|fleet/)' },
    },
    {
      name: 'fleet-does-not-look-up',
      severity: 'error',
      from: { path: '^src/fleet/' },
      to: { path: '^src/(main[.]ts$|cli/)' },
    },
    {
      name: 'only-main-imports-main',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^src/main[.]ts$' },
    },
    {
      name: 'shared-imports-nothing-of-ours',
      severity: 'error',
      from: { path: '^src/shared/' },
      to: { path: '^(src|packages)/', pathNot: '^src/shared/' },
    },
    {
      name: 'config-imports-shared-only',
      severity: 'error',
      from: { path: '^src/config/' },
      to: { path: '^(src|packages)/', pathNot: '^src/(config|shared)/' },
    },
    {
      name: 'services-import-no-room',
      severity: 'error',
      comment: 'enrich serves rooms; it never calls them.',
      from: { path: '^src/enrich/' },
      to: { path: `^src/(${ROOMS})/` },
    },
    {
      name: 'plugin-api-is-a-leaf',
      severity: 'error',
      from: { path: '^packages/plugin-api/' },
      to: { path: '^(src|packages/(?!plugin-api/))' },
    },
    {
      name: 'plugins-see-only-the-api',
      severity: 'error',
      comment: 'Built-ins use the same door as third parties.',
      from: { path: '^packages/(detectors|observer|lab|web)/' },
      to: { path: '^(src|packages)/', pathNot: '^packages/($1|plugin-api)/' },
    },
    {
      name: 'detectors-load-in-one-place',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/detect/' },
      to: { path: '^packages/detectors/' },
    },
    {
      name: 'observer-loads-in-one-place',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(capture|ingest)/' },
      to: { path: '^packages/observer/' },
    },
    {
      name: 'web-is-not-linked',
      severity: 'error',
      comment: 'The page is served as files, never imported.',
      from: { path: '^(src|packages/(?!web/))' },
      to: { path: '^packages/web/' },
    },
    {
      name: 'testkit-only-in-tests',
      severity: 'error',
      from: { path: '^(src|packages)/', pathNot: '[.]test[.]ts$|/testkit/' },
      to: { path: '/testkit/' },
    },
    ...Object.entries(LIBRARY_HOMES).map(([library, home]) => ({
      name: `one-home-${library}`,
      severity: 'error',
      from: { path: '^(src|packages)/', pathNot: `^${home}|[.]test[.]ts$` },
      to: { path: `node_modules/(@types/)?${library}/` },
    })),
    {
      name: 'no-dev-dependency-in-product',
      severity: 'error',
      from: { path: '^(src|packages)/', pathNot: '[.]test[.]ts$|/testkit/' },
      to: { dependencyTypes: ['npm-dev'], pathNot: 'node_modules/@types/' },
    },
    {
      name: 'no-unresolvable',
      severity: 'error',
      comment: 'cap is optional: it may be absent where it could not be compiled.',
      from: {},
      to: { couldNotResolve: true, pathNot: '^cap$' },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'default'],
    },
  },
};
