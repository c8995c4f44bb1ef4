import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { programPath } from './program.ts';

const root = resolve(import.meta.dirname, '../..');

/** A fresh clone of what was committed, as a new user gets it. */
export interface Clone {
  readonly directory: string;
  /** The environment of somebody who has just logged in: the machine's own Node, nothing of the npm that runs these tests. */
  readonly env: NodeJS.ProcessEnv;
  remove(): Promise<void>;
}

/** Clones HEAD and installs its packages by the first command of the README. */
export async function installedClone(): Promise<Clone> {
  const directory = await mkdtemp(join(tmpdir(), 'outrigger-clone-'));
  const env = userEnvironment();
  await promisify(execFile)(programPath('git'), ['clone', '--quiet', root, directory]);
  // A cache only saves time.
  await promisify(execFile)(programPath('npm', env['PATH']), ['install', '--prefer-offline'], { cwd: directory, env });
  return { directory, env, remove: () => rm(directory, { recursive: true, force: true }) };
}

function userEnvironment(): NodeJS.ProcessEnv {
  const own = (process.env['PATH'] ?? '').split(':').filter((directory) => !directory.includes('node_modules'));
  // What leads to a registry, where a machine needs more than a name for that.
  const kept = /^(HOME|LANG|TMPDIR|SSL_CERT_\w+|NODE_EXTRA_CA_CERTS|https?_proxy|no_proxy|npm_config_registry)$/i;
  return { ...Object.fromEntries(Object.entries(process.env).filter(([name]) => kept.test(name))), PATH: own.join(':') };
}

/** The processes that a process has started, and those that these have. */
export async function descendants(pid: number | undefined): Promise<number[]> {
  const parents = new Map<number, number>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    // It may have ended since.
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    const parent = /^\d+ \(.*\) \S (\d+)/s.exec(stat)?.[1];
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  const below = (one: number): number[] =>
    [...parents].filter(([, parent]) => parent === one).flatMap(([child]) => [child, ...below(child)]);
  return pid === undefined ? [] : below(pid);
}

/** Whether a process has not ended. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
