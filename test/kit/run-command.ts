import { type CliContext, runCli } from '../../src/cli.ts';

export interface Told {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a command in this process, in a directory; `start` and `demo` must not come to it unless `context` has them. */
export async function runCommand(argv: readonly string[], context: Pick<CliContext, 'cwd'> & Partial<CliContext>): Promise<Told> {
  let stdout = '';
  let stderr = '';
  const code = await runCli(argv, {
    start: () => Promise.reject(new Error('start was called')),
    demo: () => Promise.reject(new Error('demo was called')),
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    env: {},
    ...context,
  });
  return { code, stdout, stderr };
}
