import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CliContext } from '../src/cli.ts';
import { ConfigError } from '../src/config/problem.ts';
import { least } from './config/load-text.ts';
import { runCommand } from './kit/run-command.ts';
import { temporaryDirectory } from './kit/temporary-directory.ts';

const run = (argv: string[], context: Partial<CliContext> = {}) => runCommand(argv, { cwd: temporaryDirectory(), ...context });

function directoryWith(text: string): string {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'outrigger.yaml'), text);
  return directory;
}

describe('the command line', () => {
  it.each([
    [['frobnicate'], 'there is no command "frobnicate"'],
    [['strat'], 'there is no command "strat", did you mean "start"?'],
    [['pause'], 'pause needs the id or the name of an agent'],
    [['resume', 'a', 'b'], 'resume takes no argument "b"'],
    [['agents', '--reason', 'x'], 'agents takes no option --reason'],
    [['toString'], 'there is no command "toString"'],
    [['check', 'file.yaml'], 'check takes no argument "file.yaml"'],
    [['check', '--listen', 'x'], 'check takes no option --listen'],
    [['schema', '--config', 'x'], 'schema takes no option --config'],
    [['start', '--config', 'x', '--upstream', 'http://x'], '--upstream takes the place of --config'],
    [['demo', '--for', '10'], '--for takes a duration such as 30s or 10m'],
    [['demo', '--for', '0s'], '--for takes a duration such as 30s or 10m'],
    [['demo', '--config', 'x'], 'demo takes no option --config'],
    [['start', '--for', '1m'], 'start takes no option --for'],
    [['--frobnicate'], "Unknown option '--frobnicate'.\n\n"],
    [['start', '--config'], "Option '--config <value>' argument missing"],
    [['--help=yes'], "Option '-h, --help' does not take an argument"],
  ])('refuses %j with the usage and exit code 2', async (argv, message) => {
    const { code, stdout, stderr } = await run(argv);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toContain('Usage: outrigger');
    expect(stdout).toBe('');
  });

  it.each([[['--help']], [['-h']], [['check', '--help']], [['start', '-h', '--listen', 'nonsense']]])(
    'explains itself to %j',
    async (argv) => {
      const { code, stdout, stderr } = await run(argv);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      for (const word of ['start', 'check', 'schema', 'demo', '--for', '--config', '--upstream', '--listen', '--admin'])
        expect(stdout).toContain(word);
    },
  );

  it('tells its version', async () => {
    expect((await run(['--version'])).stdout).toMatch(/^outrigger \d+\.\d+\.\d+\n$/);
  });
});

describe('outrigger demo', () => {
  it('hands its flags on, and ends with the exit code of the demo', async () => {
    const options: unknown[] = [];
    const demo = async (given: unknown) => {
      options.push(given);
      return 7;
    };
    const argv = ['demo', '--for', '1m30s', '--listen', '127.0.0.1:1', '--admin', '127.0.0.1:2'];
    expect((await run(argv, { demo, env: { A: 'b' } })).code).toBe(7);
    expect(options).toEqual([{ listen: '127.0.0.1:1', admin: '127.0.0.1:2', forMs: 90_000, environment: { A: 'b' } }]);
  });

  it('runs for as long as nobody stops it where it is not told for how long', async () => {
    const demo = async ({ forMs }: { forMs?: number | undefined }) => (forMs === undefined ? 0 : 1);
    expect((await run(['demo'], { demo })).code).toBe(0);
  });

  it('tells what is wrong with an address', async () => {
    const problem = { file: 'configuration', path: ['listen'], message: 'expected HOST:PORT' };
    const demo = () => Promise.reject(new ConfigError([problem]));
    expect(await run(['demo', '--listen', 'x'], { demo })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('expected HOST:PORT'),
    });
  });
});

describe('outrigger start', () => {
  it.each([[[]], [['start']], [['--listen', '127.0.0.1:0']]])(
    'is what %j does, with the exit code that the sidecar ends with',
    async (argv) => {
      const started: string[] = [];
      const { code, stdout, stderr } = await run(argv, {
        cwd: directoryWith(least),
        start: async ({ config, file }) => {
          started.push(`${config.listen.address} ${file}`);
          return 7;
        },
      });
      expect({ code, stdout, stderr }).toEqual({ code: 7, stdout: '', stderr: '' });
      expect(started).toEqual([expect.stringMatching(/^127\.0\.0\.1:\d+ .*outrigger\.yaml$/)]);
    },
  );

  it('hands the flags on, also to later readings of the file', async () => {
    const cwd = directoryWith(least);
    const flags = ['--listen', '127.0.0.1:1', '--admin', '127.0.0.1:2'];
    const { code } = await run(['start', ...flags], {
      cwd,
      start: async ({ config }, { reload }) => {
        expect(config).toMatchObject({ listen: { address: '127.0.0.1:1' }, admin: { listen: '127.0.0.1:2' }, drainTimeout: 30_000 });
        writeFileSync(join(cwd, 'outrigger.yaml'), `${least}drainTimeout: 5s\n`);
        expect(reload()).toMatchObject({ ok: true, config: { listen: { address: '127.0.0.1:1' }, drainTimeout: 5000 } });
        writeFileSync(join(cwd, 'outrigger.yaml'), 'drainTimeout: 5\n');
        expect(reload()).toMatchObject({ ok: false });
        return 0;
      },
    });
    expect(code).toBe(0);
  });

  it('does without a file for one upstream', async () => {
    const { code } = await run(['start', '--upstream', 'http://127.0.0.1:9/base'], {
      start: async ({ config, file }) => {
        expect(file).toBeUndefined();
        expect(config.upstreams['upstream']?.url).toBe('http://127.0.0.1:9/base');
        return 0;
      },
    });
    expect(code).toBe(0);
  });

  it('tells every problem and starts nothing', async () => {
    const { code, stderr } = await run(['start', '--listen', 'nonsense'], { cwd: directoryWith(`${least}limits: 1\n`) });
    expect(code).toBe(1);
    expect(stderr).toContain('--listen: expected HOST:PORT');
    expect(stderr).toContain('outrigger.yaml:3:9 limits: expected a mapping');
    expect(stderr).toContain('2 problems');
  });

  it('tells what the configuration turned out to be wrong in only at the start', async () => {
    const problem = { file: 'c.yaml', path: ['listen'], message: 'no certificate' };
    const start = () => Promise.reject(new ConfigError([problem]));
    expect(await run([], { cwd: directoryWith(least), start })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('c.yaml listen: no certificate'),
    });
  });

  it('tells what the system refuses, and leaves bugs to be seen', async () => {
    const refused = Object.assign(new Error('listen EADDRINUSE: address already in use 127.0.0.1:4141'), { syscall: 'listen' });
    const told = '127.0.0.1:4141 is in use, perhaps by another sidecar; stop that one, or choose another address';
    const cwd = directoryWith(least);
    expect(await run([], { cwd, start: () => Promise.reject(refused) })).toEqual({
      code: 1,
      stdout: '',
      stderr: `outrigger: ${told}: --listen HOST:PORT, or listen in the configuration (EADDRINUSE)\n`,
    });
    await expect(run([], { cwd, start: () => Promise.reject(new TypeError('a bug')) })).rejects.toThrow('a bug');
  });

  it('refuses to run where upstreams would not be verified', async () => {
    const env = { NODE_TLS_REJECT_UNAUTHORIZED: '0' };
    const refusal = await run([], { cwd: directoryWith(least), env });
    expect(refusal).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('NODE_TLS_REJECT_UNAUTHORIZED=0 lets anybody pose as an upstream'),
    });
    const harmless = await run([], { cwd: directoryWith(least), env: { NODE_TLS_REJECT_UNAUTHORIZED: '1' }, start: async () => 0 });
    expect(harmless.code).toBe(0);
  });
});

describe('outrigger check', () => {
  it('says OK', async () => {
    const cwd = directoryWith(least);
    expect(await run(['check'], { cwd })).toEqual({ code: 0, stdout: `OK ${join(cwd, 'outrigger.yaml')}\n`, stderr: '' });
  });

  it('warns of what does nothing, and says OK', async () => {
    const { code, stdout } = await run(['check'], { cwd: directoryWith(`${least}policies:\n  p: {}\n`) });
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^outrigger\.yaml:4:3 policies\.p: warning: no route uses this policy set\n {2}4 \| {3}p: \{\}\n {4}\| {3}\^\nOK /,
    );
  });

  it('tells problems and fails', async () => {
    const { code, stdout, stderr } = await run(['check', '--config', 'outrigger.yaml'], { cwd: directoryWith(`${least}foo: 1\n`) });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^outrigger\.yaml:3:1 foo: unknown key; .*\n {2}3 \| foo: 1\n {4}\| \^\^\^\noutrigger: 1 problem in the configuration\n$/,
    );
  });

  it('reads the file that the environment names', async () => {
    const { code, stderr } = await run(['check'], { env: { OUTRIGGER_CONFIG: 'none.yaml' } });
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'none.yaml: there is no such file\noutrigger: 1 problem in the configuration\n' });
  });
});
