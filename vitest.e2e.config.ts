import { defineConfig } from 'vitest/config';

// Tests with real programs: nginx, Prometheus, curl, git, npm. They fail where one is missing.
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts'],
    testTimeout: 60_000,
    pool: 'forks',
    // One after the other: they time things and move much data.
    fileParallelism: false,
  },
});
