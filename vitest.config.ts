import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    maxWorkers: 2,
    testTimeout: 90_000, // a machine may be busy
    hookTimeout: 90_000,
    reporters: ['default', './test/support/reporter.ts'],
    typecheck: { enabled: true, include: ['test/types/*.test-d.ts'], tsconfig: './tsconfig.json' },
  },
});
