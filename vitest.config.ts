import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'src/**/*.test.ts',
      'packages/*/src/**/*.test.ts',
      'scripts/**/*.test.ts',
      'bench/**/*.test.ts',
      'test/**/*.test.ts',
    ],
    // Two cores are shared with everything else on a CI machine; worker-thread tests bring their
    // own.
    maxWorkers: 2,
    testTimeout: 60_000,
    coverage: { include: ['src/**/*.ts', 'packages/*/src/**/*.ts'] },
  },
});
