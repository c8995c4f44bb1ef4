import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

/** A program that was started and that is stopped when its block ends. */
export interface Program extends AsyncDisposable {
  readonly child: ChildProcess;
  /** All that it has written so far. */
  output(): string;
  /** Whether it has ended. */
  ended(): boolean;
}

/** Starts a program. Throws an `Error` where it cannot be found on PATH. */
export function startProgram(command: string, parameters: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
  const child = spawn(command, parameters, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  let over = false;
  const closed = once(child, 'close').catch((error: unknown) => {
    output += String(error);
  });
  void closed.then(() => {
    over = true;
  });
  return {
    child,
    output: () => output,
    ended: () => over,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await closed;
    },
  };
}

/** Runs a program to its end, with text on its standard input. Its code is undefined where it could not be started. */
export function runProgram(command: string, parameters: readonly string[], input = ''): { code: number | undefined; output: string } {
  const { status, stdout, stderr, error } = spawnSync(command, parameters, { input, encoding: 'utf8' });
  return { code: status ?? undefined, output: error ? error.message : `${stdout}${stderr}` };
}

/** Throws an `Error` that says how to get Prometheus where it, or its tool, is not on PATH. */
export function needPrometheus(): void {
  for (const command of ['prometheus', 'promtool']) {
    if (runProgram(command, ['--version']).code !== 0) {
      throw new Error(
        `${command} is not on PATH. On Debian and Ubuntu: apt-get install --no-install-recommends prometheus (or .ci/install-debian)`,
      );
    }
  }
}

/** Asks every tenth of a second until the answer is yes. Throws an `Error` with `what` after `limitMs`. */
export async function until(what: string, limitMs: number, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`not within ${limitMs / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
