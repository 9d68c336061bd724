import { defineConfig } from 'vitest/config';

/** The tests that judge mutants: quick, pure, and the same ones each time. */
export default defineConfig({
  test: {
    include: [
      'test/unit/gateway/guard/safety/**/*.test.ts',
      'test/property/gateway/guard/kernel.test.ts',
      'test/unit/devices/codec.test.ts',
      'test/property/devices/codec.test.ts',
    ],
    setupFiles: ['test/soak/mutation/seed.ts'],
  },
});
