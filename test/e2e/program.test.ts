import { expect, test } from 'vitest';
import { programPath, run } from './program.ts';

test('a program that is missing is an error that says what installs it', async () => {
  expect(() => programPath('no-such-program')).toThrow('no-such-program is not installed; .ci/install-debian');
  await expect(run('no-such-program', [])).rejects.toThrow('is not installed');
});

test('a program tells its exit code and all that it wrote', async () => {
  const script = 'cat; echo out; echo err >&2; exit 3';
  expect(await run('sh', ['-c', script], { input: 'in\n' })).toEqual({ code: 3, stdout: 'in\nout\n', stderr: 'err\n' });
});
