import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A directory of its own for a test. It is gone when the test has finished, after what was started later has stopped. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'outrigger-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
