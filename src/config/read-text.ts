import { isUtf8 } from 'node:buffer';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { absent, digestOf, type FilesRead, readLimitBytes } from './files-read.ts';

/** A configuration above this is refused unread. */
const limitBytes = readLimitBytes - 1;

export type ReadText =
  | { readonly ok: true; readonly text: string; readonly worldWritable: boolean }
  | { readonly ok: false; readonly message: string; readonly at?: { readonly line: number; readonly column: number } };

/** The text of a configuration file: UTF-8 without its byte order mark, up to 1 MB, without control characters. `files` learns of it. */
export function readText(path: string, files: FilesRead): ReadText {
  let bytes: Buffer;
  let mode: number;
  let isFile: boolean;
  try {
    ({ bytes, mode, isFile } = readCapped(path));
  } catch (error) {
    files.set(path, isMissing(error) ? absent : undefined);
    return { ok: false, message: readingFailed(error) };
  }
  // What a pipe held cannot be read again.
  files.set(path, isFile ? digestOf(bytes) : undefined);
  if (bytes.length > limitBytes) return { ok: false, message: 'the file is larger than 1 MB' };
  if (!isUtf8(bytes)) return { ok: false, message: 'the file is not UTF-8 here', at: firstInvalid(bytes) };
  const text = bytes.toString('utf8').replace(/^\ufeff/, '');
  const control = text.search(/(?![\t\n\r])\p{Cc}/u);
  if (control >= 0) {
    const before = text.slice(0, control).split('\n');
    return {
      ok: false,
      message: 'control characters have no place here',
      at: { line: before.length, column: (before.at(-1) ?? '').length + 1 },
    };
  }
  return { ok: true, text, worldWritable: (mode & 0o002) !== 0 };
}

/** Says why a file could not be read. */
export function readingFailed(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  const reasons: Record<string, string> = {
    ENOENT: 'there is no such file',
    EISDIR: 'this is a directory, not a file',
    EACCES: 'reading is not permitted',
  };
  return reasons[code] ?? `cannot be read (${code})`;
}

/** Whether an error says that there is no such file. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

/** Reads one byte more than the limit at most, whatever the file says about its size. */
function readCapped(path: string): { bytes: Buffer; mode: number; isFile: boolean } {
  const descriptor = openSync(path, 'r');
  try {
    const status = fstatSync(descriptor);
    const buffer = Buffer.alloc(readLimitBytes);
    let filled = 0;
    while (filled < buffer.length) {
      const count = readSync(descriptor, buffer, filled, buffer.length - filled, null);
      if (count === 0) break;
      filled += count;
    }
    return { bytes: buffer.subarray(0, filled), mode: status.mode, isFile: status.isFile() };
  } finally {
    closeSync(descriptor);
  }
}

function firstInvalid(bytes: Buffer): { line: number; column: number } {
  let start = 0;
  for (let line = 1; ; line++) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline === -1 ? bytes.length : newline;
    const text = bytes.subarray(start, end);
    if (!isUtf8(text)) {
      let length = 0;
      for (let tried = 1; tried <= text.length; tried++) if (isUtf8(text.subarray(0, tried))) length = tried;
      return { line, column: text.subarray(0, length).toString('utf8').length + 1 };
    }
    start = end + 1;
  }
}
