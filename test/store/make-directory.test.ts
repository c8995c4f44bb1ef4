import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeDirectory } from '../../src/store/make-directory.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';

test('a directory is made with all above it, for its owner alone, and once', () => {
  const path = join(temporaryDirectory(), 'a', 'b', 'c');
  makeDirectory(path);
  makeDirectory(path);
  expect(statSync(path).mode & 0o777).toBe(0o700);
  expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700);
});

test('a directory below a file is the error that the system says', () => {
  const file = join(temporaryDirectory(), 'file');
  writeFileSync(file, '');
  expect(() => makeDirectory(join(file, 'a', 'b'))).toThrow(/ENOTDIR/);
});

test.runIf(existsSync('/proc/self'))('a directory where the system takes none is an error at once', () => {
  expect(() => makeDirectory('/proc/outrigger/state')).toThrow(/ENOENT/);
});
