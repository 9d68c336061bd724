import { defineConfig } from 'vitest/config';

/**
 * The tests that judge mutants of the kernel and of the codec: quick, pure, and the same ones each
 * time. The kernel's properties are left out: they take most of the time and notice little more.
 */
export default defineConfig({
  test: {
    include: [
      'test/unit/gateway/guard/safety/**/*.test.ts',
      'test/unit/devices/codec*.test.ts',
      'test/property/devices/codec.test.ts',
    ],
    testTimeout: 60_000, // with coverage and beside other mutants
    setupFiles: ['test/soak/mutation/seed.ts'],
    coverage: {
      provider: 'v8',
      include: ['gateway/guard/safety/**/*.ts'],
      reporter: ['text'],
      thresholds: { branches: 100, functions: 100, lines: 100, statements: 100 },
    },
  },
});
