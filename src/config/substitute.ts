import { isUtf8 } from 'node:buffer';
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { absent, digestOf, type FilesRead } from './files-read.ts';
import { isMissing, readingFailed } from './read-text.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Substituted {
  readonly text: string;
  /** The text came from outside, in whole or in part, and is to be kept secret. */
  readonly foreign: boolean;
  /** What is wrong; no part of a value. */
  readonly messages: readonly string[];
}

const secretFileLimitBytes = 64 * 1024;
const reference = /\$\$\{|\$\{([A-Za-z_]\w*)(?::-((?:(?!\$\{)[^}])*))?\}|\$\{/g;

/**
 * Puts in environment variables for `${NAME}` and `${NAME:-default}` (the default also where the variable is empty), writes
 * `${` for `$${`, and reads the file of a `file:PATH`, without the line end at its end; `files` learns of it. What was put
 * in is not looked at again.
 */
export function substitute(written: string, environment: Environment, directory: string, files: FilesRead): Substituted {
  const messages: string[] = [];
  let foreign = false;
  const text = written.replace(reference, (found, name: string | undefined, fallback: string | undefined) => {
    if (found === '$${') return '${';
    if (name === undefined) {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what the user should write
      messages.push('expected ${NAME} or ${NAME:-default}, and $${ for a plain ${');
      return '';
    }
    foreign = true;
    const value = environment[name];
    if (fallback !== undefined) return value === undefined || value === '' ? fallback : value;
    if (value === undefined) messages.push(`the environment variable ${name} is not set; set it or give a default: \${${name}:-…}`);
    return value ?? '';
  });
  if (messages.length > 0 || !written.startsWith('file:')) return { text, foreign, messages };
  const secret = readSecret(resolve(directory, text.slice('file:'.length)), files);
  return secret.ok ? { text: secret.text, foreign: true, messages } : { text: '', foreign: true, messages: [secret.message] };
}

function readSecret(path: string, files: FilesRead): { ok: true; text: string } | { ok: false; message: string } {
  files.set(path, undefined);
  try {
    const status = statSync(path);
    // A pipe would hold up everything until somebody writes to it.
    if (!status.isFile()) return { ok: false, message: 'the file to read the value from is not a regular file' };
    if (status.size > secretFileLimitBytes) return { ok: false, message: 'the file to read the value from is larger than 64 KB' };
    const bytes = readFileSync(path);
    files.set(path, digestOf(bytes));
    if (!isUtf8(bytes)) return { ok: false, message: 'the file to read the value from is not UTF-8' };
    const text = bytes.toString('utf8').replace(/\r?\n$/, '');
    return text === '' ? { ok: false, message: 'the file to read the value from is empty' } : { ok: true, text };
  } catch (error) {
    if (isMissing(error)) files.set(path, absent);
    return { ok: false, message: `the file to read the value from: ${readingFailed(error)}` };
  }
}
