import { defineConfig } from 'vitest/config';

const HOUR_MS = 3_600_000;

/** What takes too long for `npm test`: one file at a time, with the machine to itself. */
export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    reporters: [new URL('./reporter.ts', import.meta.url).pathname],
    passWithNoTests: true, // the reporter refuses an empty run
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 12 * HOUR_MS,
    projects: ['soak'].map((name) => ({
      extends: true,
      test: { name, include: [`test/${name}/**/*.test.ts`] },
    })),
  },
});
