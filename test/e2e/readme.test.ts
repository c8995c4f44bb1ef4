import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../kit/free-port.ts';
import { eventually, within } from '../kit/timing.ts';
import { type Clone, descendants, installedClone, isRunning } from './clone.ts';
import { type Running, run, start } from './program.ts';

const installMs = 300_000;
let clone: Clone;

beforeAll(async () => {
  clone = await installedClone();
}, installMs);

afterAll(() => clone?.remove());

describe('a fresh clone, after npm install', () => {
  test('is as it was committed: the lock file says what package.json does', async () => {
    expect(await run('git', ['status', '--porcelain'], { cwd: clone.directory })).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test('can be installed by npm ci as well: the lock file lacks nothing', async () => {
    const { directory, env } = clone;
    expect(await run('npm', ['ci', '--dry-run', '--prefer-offline'], { cwd: directory, env })).toMatchObject({ code: 0, stderr: '' });
  });

  test('answers by npm start, whatever the Node of the machine', async () => {
    const { sidecar, url, admin } = await npmStart();
    const { code, stdout } = await ask(url);
    expect(code).toBe(0);
    const answer = JSON.parse(stdout) as { choices: { message: { content: string } }[] };
    expect(answer.choices[0]!.message.content).toContain('You said: Hello there');
    expect(sidecar.output()).toContain(`${url}/demo`);
    expect((await run('curl', ['-sSf', `${admin}/readyz`])).code).toBe(0);
    expect((await run('curl', ['-sSf', `${admin}/metrics`])).stdout).toMatch(
      /^outrigger_requests_total\{upstream="demo",route="\/demo",outcome="ok"[^}]*\} 1$/m,
    );
  });

  test('streams word by word', async () => {
    const { url } = await npmStart();
    const { code, stdout } = await ask(url, ', "stream": true');
    expect(code).toBe(0);
    expect(stdout.match(/^data: \{/gm)?.length).toBeGreaterThan(5);
    expect(stdout).toMatch(/data: \[DONE\]\s*$/);
  });

  test('stops at SIGTERM', async () => {
    const { sidecar, pids, url } = await npmStart();
    process.kill(pids.at(-1)!, 'SIGTERM');
    expect(await within(5_000, sidecar.exited, 'the end of npm')).toBe(0);
    expect((await ask(url)).code).toBe(7);
  });

  // The shell that npm puts between would end at the signal and leave the sidecar behind; `exec` in the script takes it away.
  test('stops when npm gets the SIGTERM', async () => {
    const { sidecar, pids, url } = await npmStart();
    sidecar.child.kill('SIGTERM');
    await within(5_000, sidecar.exited, 'the end of npm');
    await eventually('all its processes have ended', () => !pids.some(isRunning), 3_000);
    expect((await ask(url)).code).toBe(7);
  });

  test('has the command that npx finds', async () => {
    const { code, stdout, stderr } = await run('npx', ['outrigger', 'check'], { cwd: clone.directory, env: clone.env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(`OK ${join(clone.directory, 'config/outrigger.yaml')}\n`);
  });
});

describe('what npm run build has made', () => {
  beforeAll(async () => {
    const built = await run('npm', ['run', 'build'], { cwd: clone.directory, env: clone.env });
    if (built.code !== 0) throw new Error(`${built.stdout}${built.stderr}`);
  });

  test('is all that goes into the package, with what it is run with', async () => {
    const { code, stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: clone.directory,
      env: clone.env,
    });
    expect(code).toBe(0);
    const [packed] = JSON.parse(stdout) as { files: { path: string }[] }[];
    const paths = packed!.files.map(({ path }) => path);
    const needed = [
      'package.json',
      'README.md',
      'LICENSE',
      'bin/outrigger.js',
      'dist/main.js',
      'config/outrigger.yaml',
      'config/outrigger.schema.json',
      'config/prices.yml',
    ];
    expect(needed.filter((path) => !paths.includes(path))).toEqual([]);
    const belongs =
      /^(package\.json|LICENSE|README\.md|bin\/outrigger\.js|dist\/.*\.js|config\/(examples\/)?[\w.-]+\.(yaml|yml|json)|docs\/.+\.(md|png|svg))$/;
    expect(paths.filter((path) => !belongs.test(path))).toEqual([]);
  });

  test('runs without the sources', async () => {
    await rm(join(clone.directory, 'src'), { recursive: true });
    const [port, adminPort] = [await freePort(), await freePort()];
    const node = join(clone.directory, 'node_modules/.bin');
    const sidecar = start('node', ['bin/outrigger.js', 'start', '--listen', `127.0.0.1:${port}`, '--admin', `127.0.0.1:${adminPort}`], {
      cwd: clone.directory,
      env: { ...clone.env, PATH: `${node}:${clone.env['PATH']}` },
    });
    await untilReady(sidecar);
    expect((await ask(`http://127.0.0.1:${port}`)).stdout).toContain('You said: Hello there');
    sidecar.child.kill('SIGTERM');
    expect(await within(5_000, sidecar.exited, 'the end of the sidecar')).toBe(0);
  });
});

interface Started {
  sidecar: Running;
  url: string;
  admin: string;
  /** What npm has started, the sidecar last. */
  pids: number[];
}

/** The second command of the README. */
async function npmStart(): Promise<Started> {
  const [listen, admin] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const { directory, env } = clone;
  const sidecar = start('npm', ['start', '--', '--listen', listen, '--admin', admin], { cwd: directory, env });
  await untilReady(sidecar);
  const pids = await descendants(sidecar.child.pid);
  onTestFinished(() => {
    for (const pid of pids.filter(isRunning)) process.kill(pid, 'SIGKILL');
  });
  return { sidecar, url: `http://${listen}`, admin: `http://${admin}`, pids };
}

async function untilReady({ output, exited }: Running): Promise<void> {
  let code: number | string | undefined;
  void exited.then((ended) => {
    code = ended;
  });
  await eventually(
    'the sidecar runs',
    () => {
      if (code !== undefined) throw new Error(`exited with ${code}: ${output()}`);
      return output().includes('Metrics, health and API');
    },
    20_000,
  );
}

/** As the README does it. */
function ask(url: string, more = '') {
  const body = `{"model": "any", "messages": [{"role": "user", "content": "Hello there"}]${more}}`;
  return run('curl', ['-sS', '--max-time', '10', `${url}/demo/v1/chat/completions`, '-H', 'content-type: application/json', '-d', body]);
}
