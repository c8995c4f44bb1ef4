import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from './kit/temporary-directory.ts';

const root = resolve(import.meta.dirname, '..');

function outrigger(argv: string[], options: { root?: string; cwd?: string; node?: string[]; env?: Record<string, string> } = {}) {
  const launcher = join(options.root ?? root, 'bin/outrigger.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [...(options.node ?? []), launcher, ...argv], {
    cwd: options.cwd ?? temporaryDirectory(),
    env: { PATH: process.env['PATH'] ?? '', ...options.env },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

/** A package with the real launcher and programs that say where they were started from. */
function packageWith(files: Record<string, number>): string {
  const directory = temporaryDirectory();
  cpSync(join(root, 'bin'), join(directory, 'bin'), { recursive: true });
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
  for (const [file, changedS] of Object.entries(files)) {
    mkdirSync(join(directory, file, '..'), { recursive: true });
    writeFileSync(join(directory, file), `export const main = async (argv) => { console.log('${file}', argv.join(' ')); return 3; };`);
    utimesSync(join(directory, file), changedS, changedS);
  }
  return directory;
}

describe('the outrigger command', () => {
  it('checks the packaged configuration and exits with 0', () => {
    const { status, stdout, stderr } = outrigger(['check']);
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: `OK ${join(root, 'config/outrigger.yaml')}\n`, stderr: '' });
  });

  it('exits with 1 on a configuration with problems, and with 2 on wrong usage', () => {
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, 'outrigger.yaml'), 'routes:\n\t- a\n');
    expect(outrigger(['check'], { cwd })).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringContaining('outrigger.yaml:2:1: a tab'),
    });
    expect(outrigger(['start'], { cwd })).toMatchObject({ status: 1, stderr: expect.stringContaining('outrigger.yaml:2:1: a tab') });
    expect(outrigger(['frobnicate'], { cwd })).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining('Usage: outrigger'),
    });
  });

  it('prints the committed JSON Schema', () => {
    const { status, stdout } = outrigger(['schema']);
    expect(status).toBe(0);
    expect(stdout).toBe(readFileSync(join(root, 'config/outrigger.schema.json'), 'utf8'));
  });

  it('ends quietly where its reader has read enough', () => {
    const command = `"${process.execPath}" "${join(root, 'bin/outrigger.js')}" schema | head -n 1`;
    const { status, stdout, stderr } = spawnSync('bash', ['-o', 'pipefail', '-c', command], { encoding: 'utf8' });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '{\n', stderr: '' });
  });

  it('does not start where certificates are not verified', () => {
    const { status, stderr } = outrigger(['start'], { env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } });
    expect(status).toBe(1);
    expect(stderr).toContain('outrigger: NODE_TLS_REJECT_UNAUTHORIZED=0 lets anybody pose as an upstream');
  });
});

describe('the launcher', () => {
  const older = (version: string) => [
    '--import',
    `data:text/javascript,${encodeURIComponent(`Object.defineProperty(process, 'versions', { value: { node: '${version}' } }); Object.defineProperty(process, 'version', { value: 'v${version}' });`)}`,
  ];

  it.each(['20.20.2', '24.14.9'])('says to a Node %s what to do', (version) => {
    const { status, stdout, stderr } = outrigger(['check'], { node: older(version) });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain(`outrigger needs Node 24.15 or newer, and this is v${version}.`);
    expect(stderr).toContain('npm install');
  });

  it.each(['24.15.0', '26.0.0'])('takes a Node %s', (version) => {
    expect(outrigger(['--version'], { node: older(version) }).status).toBe(0);
  });

  it.each([
    ['src/main.ts', { 'src/main.ts': 1000 }],
    ['dist/main.js', { 'dist/main.js': 1000 }],
    ['dist/main.js', { 'dist/main.js': 2000, 'src/main.ts': 1000, 'src/deep/other.ts': 2000 }],
    ['src/main.ts', { 'dist/main.js': 2000, 'src/main.ts': 1000, 'src/deep/other.ts': 3000 }],
  ])('runs %s of %j, and exits with what it returns', (entry, files) => {
    const { status, stdout } = outrigger(['a', '--b', 'c d'], { root: packageWith(files) });
    expect({ status, stdout }).toEqual({ status: 3, stdout: `${entry} a --b c d\n` });
  });

  it('says what a clone without packages lacks', () => {
    const directory = packageWith({});
    mkdirSync(join(directory, 'src'));
    writeFileSync(join(directory, 'src/main.ts'), "import 'no-such-package-anywhere';");
    expect(outrigger([], { root: directory })).toEqual({
      status: 1,
      stdout: '',
      stderr: 'outrigger does not find its packages: run `npm install` first.\n',
    });
    mkdirSync(join(directory, 'node_modules'));
    expect(outrigger([], { root: directory }).stderr).toContain('no-such-package-anywhere');
  });

  describe('limits the young generation', () => {
    /** A launcher whose program tells its process id and its options. */
    const telling = () => {
      const directory = packageWith({});
      mkdirSync(join(directory, 'dist'));
      writeFileSync(
        join(directory, 'dist/main.js'),
        `export const main = async () => { const seen = { id: process.pid, options: process.execArgv }; process.send?.(seen); console.log(JSON.stringify(seen)); return 0; };`,
      );
      return join(directory, 'bin/outrigger.js');
    };
    const started = (node: string[], env: Record<string, string> = {}) => {
      const { pid, stdout } = spawnSync(process.execPath, [...node, telling()], { encoding: 'utf8', env: { ...process.env, ...env } });
      return { pid, seen: JSON.parse(stdout) as unknown };
    };

    it('in the same process, with the options it was given', () => {
      const { pid, seen } = started(['--no-deprecation']);
      expect(seen).toEqual({ id: pid, options: ['--max-semi-space-size=16', '--no-deprecation'] });
    });

    it('unless another limit was chosen', () => {
      expect(started(['--max-semi-space-size=8']).seen).toMatchObject({ options: ['--max-semi-space-size=8'] });
      expect(started([], { NODE_OPTIONS: '--max-semi-space-size=8' }).seen).toMatchObject({ options: [] });
    });

    it('unless that would cut it off from the process that forked it', async () => {
      const child = fork(telling(), { stdio: 'ignore', execArgv: [] });
      const [seen] = (await once(child, 'message')) as [unknown];
      expect(seen).toEqual({ id: child.pid, options: [] });
    });
  });

  it('runs what the build emits', () => {
    const directory = temporaryDirectory();
    for (const path of ['bin', 'config', 'package.json']) cpSync(join(root, path), join(directory, path), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
    const compiler = join(root, 'node_modules/.bin/tsc');
    spawnSync(process.execPath, [compiler, '-p', join(root, 'tsconfig.build.json'), '--outDir', join(directory, 'dist')]);
    expect(outrigger(['check'], { root: directory })).toEqual({
      status: 0,
      stdout: `OK ${join(directory, 'config/outrigger.yaml')}\n`,
      stderr: '',
    });
    expect(outrigger(['--version'], { root: directory }).stdout).toMatch(/^outrigger \d/);
  });
});
