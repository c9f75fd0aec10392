import { defineConfig } from 'vitest/config';

/** Tests that kill and pause real processes: run by CI, one after the other. */
export default defineConfig({
  test: {
    include: ['test/**/*.slow.ts'],
    maxWorkers: 1,
    testTimeout: 180_000,
    hookTimeout: 60_000,
  },
});
