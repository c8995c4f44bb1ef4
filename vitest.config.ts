import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    // Every test file starts servers of its own on port 0.
    pool: 'forks',
    unstubGlobals: true,
  },
});
