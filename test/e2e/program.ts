import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Written to its standard input. */
  input?: string;
}

export interface Ran {
  /** Its exit code, or the signal that ended it. */
  code: number | string;
  stdout: string;
  stderr: string;
}

/** A program that runs until it is stopped. */
export interface Running {
  child: ChildProcess;
  /** All that it has written so far, to either output. */
  output: () => string;
  /** Resolves to its exit code, or to the signal that ended it. */
  exited: Promise<number | string>;
}

/** Where a program of the machine is. A missing one is an error and no reason to skip; `.ci/install-debian` installs them all. */
export function programPath(name: string, path = process.env['PATH'] ?? ''): string {
  // Debian keeps servers where not every user's PATH leads.
  for (const directory of [...path.split(':'), '/usr/sbin', '/sbin']) {
    const file = join(directory, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // The next one may have it.
    }
  }
  throw new Error(`${name} is not installed; .ci/install-debian installs what these tests need`);
}

/** How long a program may take to stop. */
const stopMs = 5_000;

/** Starts a program. When the test has finished it is stopped by its pid: with SIGTERM, so that it takes its own children along. */
export function start(name: string, args: readonly string[], { cwd, env }: RunOptions = {}): Running {
  const child = spawn(programPath(name, env?.['PATH']), args, { cwd, env: env ?? process.env });
  let output = '';
  child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (output += bytes.toString()));
  const exited = once(child, 'close').then(([code, signal]: (number | string | null)[]) => code ?? signal ?? 'unknown');
  onTestFinished(async () => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), stopMs);
    await exited;
    clearTimeout(timer);
  });
  return { child, output: () => output, exited };
}

/** Longest run of a program that is waited for. */
const runMs = 120_000;

/** Runs a program to its end. */
export async function run(name: string, args: readonly string[], { cwd, env, input }: RunOptions = {}): Promise<Ran> {
  const child = spawn(programPath(name, env?.['PATH']), args, { cwd, env: env ?? process.env, timeout: runMs, killSignal: 'SIGKILL' });
  const written = { stdout: '', stderr: '' };
  child.stdout.on('data', (bytes: Buffer) => (written.stdout += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (written.stderr += bytes.toString()));
  // A program may end without having read its input.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code: code ?? signal ?? 'unknown', ...written };
}
