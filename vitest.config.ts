import { configDefaults, defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

type Settings = Omit<NonNullable<TestProjectInlineConfiguration['test']>, 'name' | 'include'>;

/** A project is a folder of test/. Groups run one after the other, so that nothing disturbs the tests that measure real time. */
function folder(name: string, settings: Settings): TestProjectInlineConfiguration {
  return {
    extends: true,
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`, `test/${name}/**/*.test.tsx`],
      ...settings,
    },
  };
}

const pure = {
  pool: 'threads',
  isolate: false,
  sequence: { groupOrder: 0 },
  maxWorkers: 2,
} as const;
const own = { pool: 'forks', isolate: true } as const;
const minutes = (count: number): number => count * 60_000;

/** Tests with sockets and processes spend their time waiting: three at once on two cores. */
const waiting = {
  ...own,
  sequence: { groupOrder: 2 },
  maxWorkers: 3,
  testTimeout: minutes(2),
};
const DEMO = 'test/hil/demo/headless.test.ts';

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  test: {
    reporters: [new URL('./test/reporter.ts', import.meta.url).pathname],
    exclude: [...configDefaults.exclude, 'test/fixtures/**'],
    passWithNoTests: true, // an empty folder is fine; the reporter refuses an empty run
    maxWorkers: 2,
    // Real time and real sockets on a busy machine: what passes only when retried is a failure here.
    retry: 0,
    hookTimeout: minutes(2),
    projects: [
      folder('unit', { ...pure, testTimeout: 10_000 }),
      folder('property', { ...pure, testTimeout: minutes(1) }),
      folder('architecture', {
        ...own,
        sequence: { groupOrder: 0 },
        maxWorkers: 2,
        testTimeout: minutes(3),
      }),
      // Virtual time does not mind company.
      folder('world', {
        ...own,
        sequence: { groupOrder: 0 },
        maxWorkers: 2,
        testTimeout: minutes(3),
      }),
      folder('hil', { ...waiting, exclude: [DEMO] }),
      folder('interop', waiting),
      folder('browser', waiting),
      // Site-days of the virtual world: they run beside all tests above, which mostly wait,
      // and are waited for here.
      folder('days', {
        ...own,
        sequence: { groupOrder: 3 },
        maxWorkers: 1,
        globalSetup: ['test/days/start.ts'],
        testTimeout: minutes(60),
      }),
      // Three sites at speed 96 keep both cores busy, and their lateness counts: alone, last.
      {
        extends: true,
        test: {
          name: 'hil-demo',
          include: [DEMO],
          ...own,
          sequence: { groupOrder: 4 },
          maxWorkers: 1,
          testTimeout: minutes(2),
        },
      },
    ],
    coverage: {
      provider: 'v8',
      include: [
        'devices/**/*.ts',
        'gateway/**/*.{ts,tsx}',
        'cloud/**/*.{ts,tsx}',
        'simulators/**/*.ts',
      ],
      reporter: ['text-summary', 'html', 'json-summary'],
    },
  },
});
