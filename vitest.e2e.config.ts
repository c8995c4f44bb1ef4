import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// Tests with real programs: nginx, Prometheus, curl, git, npm. They fail where one is missing.
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts'],
    // Nothing of a test stays in the home of whoever runs it.
    env: { XDG_STATE_HOME: join(tmpdir(), `outrigger-tests-${process.pid}`) },
    testTimeout: 60_000,
    pool: 'forks',
    // One after the other: they time things and move much data.
    fileParallelism: false,
  },
});
