/** `node bench/start.ts`: milliseconds from starting the program to the first 200 of /readyz, on the default configuration. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './targets.ts';

const starts = 7;

if (import.meta.main) {
  const taken: number[] = [];
  for (let i = 0; i < starts; i += 1) taken.push(await startMs(join(import.meta.dirname, '..')));
  taken.sort((a, b) => a - b);
  console.log(`ready after ${taken[Math.floor(starts / 2)]} ms (median of ${starts}; ${taken[0]} to ${taken.at(-1)})`);
}

/** Starts the program that lies in a folder and stops it again; gives the milliseconds from its start to the first 200 of /readyz. */
export async function startMs(root: string): Promise<number> {
  const admin = `127.0.0.1:${await freePort()}`;
  const startedAt = performance.now();
  const launcher = join(root, 'bin/outrigger.js');
  const env = { ...process.env, XDG_STATE_HOME: join(tmpdir(), 'outrigger-bench-start') };
  const child = spawn(process.execPath, [launcher, 'start', '--listen', '127.0.0.1:0', '--admin', admin], { stdio: 'ignore', env });
  const exited = once(child, 'exit');
  while (!(await isReady(admin))) {
    if (child.exitCode !== null) throw new Error(`the sidecar exited with ${child.exitCode}`);
    await delay(2);
  }
  const ms = Math.round(performance.now() - startedAt);
  child.kill('SIGTERM');
  await exited;
  return ms;
}

async function isReady(admin: string): Promise<boolean> {
  const response = await fetch(`http://${admin}/readyz`).catch(() => undefined);
  await response?.body?.cancel();
  return response?.status === 200;
}
