import { defineConfig } from 'vitest/config';

const MINUTES_MS = 60_000;

/** `npm run package:test`: builds the packages and runs them as a machine would. */
export default defineConfig({
  test: {
    root: new URL('../../..', import.meta.url).pathname,
    reporters: [new URL('../../reporter.ts', import.meta.url).pathname],
    globalSetup: 'test/hil/package/build.ts',
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
    include: ['test/hil/package/*.long.ts'],
    testTimeout: 20 * MINUTES_MS,
    hookTimeout: 20 * MINUTES_MS,
  },
});
