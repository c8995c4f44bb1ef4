import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory } from '../store/make-directory.ts';

const file = 'link-key';
const bytes = 32;

/**
 * The key that links are signed with: kept in the state directory, so that links outlive a restart, and readable by its owner
 * alone. Where it cannot be kept there it is a new one each time, and `onError` hears why.
 */
export function linkKey(directory: string, onError: (error: unknown) => void): Buffer {
  const path = join(directory, file);
  const made = randomBytes(bytes);
  try {
    makeDirectory(directory);
    writeFileSync(path, made, { mode: 0o600, flag: 'wx' });
    return made;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) {
      onError(error);
      return made;
    }
  }
  try {
    const kept = readFileSync(path);
    if (kept.byteLength === bytes) return kept;
    onError(new Error(`${path} is not a key of ${bytes} bytes; remove it, and a new one is made`));
  } catch (error) {
    onError(error);
  }
  return made;
}
