import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // They need programs of the machine: `npm run e2e`.
    exclude: [...configDefaults.exclude, 'test/e2e/**'],
    // Nothing of a test stays in the home of whoever runs it.
    env: { XDG_STATE_HOME: join(tmpdir(), `outrigger-tests-${process.pid}`) },
    testTimeout: 20_000,
    // Every test file starts servers of its own on port 0.
    pool: 'forks',
    // Many tests say within how many milliseconds something must be seen: they must not compete for two cores.
    maxWorkers: 1,
    unstubGlobals: true,
  },
});
