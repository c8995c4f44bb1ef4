/** `node bench/start.ts`: milliseconds from starting the program to the first 200 of /readyz, on the default configuration. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './targets.ts';

const starts = 7;
const launcher = join(import.meta.dirname, '../bin/outrigger.js');

const taken: number[] = [];
for (let i = 0; i < starts; i += 1) taken.push(await measure());
taken.sort((a, b) => a - b);
console.log(`ready after ${taken[Math.floor(starts / 2)]} ms (median of ${starts}; ${taken[0]} to ${taken.at(-1)})`);

async function measure(): Promise<number> {
  const admin = `127.0.0.1:${await freePort()}`;
  const startedAt = performance.now();
  const child = spawn(process.execPath, [launcher, 'start', '--listen', '127.0.0.1:0', '--admin', admin], { stdio: 'ignore' });
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
