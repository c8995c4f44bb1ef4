#!/usr/bin/env node
// Plain JavaScript of old, so that a Node that is too old can still say so.
import { existsSync, readdirSync, statSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

const needed = [24, 15];
const [major, minor] = process.versions.node.split('.').map(Number);

if (major < needed[0] || (major === needed[0] && minor < needed[1])) {
  process.stderr.write(
    `outrigger needs Node ${needed.join('.')} or newer, and this is ${process.version}.\n` +
      'In a clone, `npm install` brings a Node of its own: run `npm start` or `npx outrigger` there.\n' +
      'Elsewhere, install a newer one from https://nodejs.org and try again.\n',
  );
  process.exitCode = 1;
} else {
  limitYoungGeneration();
  process.exitCode = await run();
}

/**
 * V8 lets the young generation grow to 64 MB under load and keeps it, and nothing gets faster by more than half of that. Its
 * limit can be set on the command line only, so the process takes its own place with it; its id stays. Whoever has chosen a
 * limit keeps it. A process that was forked would lose the channel to its parent, and Windows has no way to do this.
 */
function limitYoungGeneration() {
  const chosen = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].some((option) => option.includes('semi-space-size'));
  if (chosen || process.channel || process.platform === 'win32' || process.execve === undefined) return;
  const options = ['--max-semi-space-size=16', ...process.execArgv];
  process.execve(process.execPath, [process.argv0, ...options, ...process.argv.slice(1)], process.env);
}

async function run() {
  // V8 takes what survived a few collections for long-lived, makes its like in the old space from then on, and all that
  // hangs on it outlives its call: measured, a quarter of the CPU time went into collecting that.
  setFlagsFromString('--no-allocation-site-pretenuring');
  // Bodies lie outside of V8's heap, and 64 MB of new ones made it collect the whole heap, however many were dead: half of the
  // CPU time that 2 MB requests took. With this they count in with the heap, whose limit follows what is alive.
  setFlagsFromString('--external-memory-accounted-in-global-limit');
  // Compiled code, types taken off, is kept between runs.
  module.enableCompileCache();
  const sources = fileURLToPath(new URL('../src', import.meta.url));
  const built = fileURLToPath(new URL('../dist/main.js', import.meta.url));
  const entry = isCurrent(built, sources) ? '../dist/main.js' : '../src/main.ts';
  try {
    const { main } = await import(entry);
    return await main(process.argv.slice(2));
  } catch (error) {
    const installed = existsSync(new URL('../node_modules', import.meta.url));
    if (error.code !== 'ERR_MODULE_NOT_FOUND' || installed || !existsSync(sources)) throw error;
    process.stderr.write('outrigger does not find its packages: run `npm install` first.\n');
    return 1;
  }
}

/** Whether there is a build and, in a clone, no source was changed after it. */
function isCurrent(built, sources) {
  if (!existsSync(built)) return false;
  if (!existsSync(sources)) return true;
  const builtMs = statSync(built).mtimeMs;
  return readdirSync(sources, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .every((entry) => statSync(`${entry.parentPath}/${entry.name}`).mtimeMs <= builtMs);
}
