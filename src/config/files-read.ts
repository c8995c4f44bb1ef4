import { hash } from 'node:crypto';

/** Digests of the files that a configuration was read from, by absolute path; undefined for one that has none, such as a pipe. */
export type FilesRead = Map<string, string | undefined>;

/** As much of a file is read, and goes into its digest. */
export const readLimitBytes = 1024 * 1024 + 1;

/** Stands for a file that is not there. */
export const absent = 'absent';

/** The same for the same content. */
export function digestOf(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'base64url');
}

/** Of a file that has been emptied, as editors do before they write. */
export const emptyDigest = digestOf(new Uint8Array());
