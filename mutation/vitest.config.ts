import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: (process.env['MUTATION_TESTS'] ?? 'test/policies/**/*.test.ts').split(','),
    testTimeout: 2500,
    pool: 'threads',
    maxWorkers: 1,
    isolate: false,
    setupFiles: ['mutation/fresh-modules.ts'],
    unstubGlobals: true,
  },
});
