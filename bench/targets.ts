import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { routePath } from './growth.ts';
import { portkeyScript } from './peers.ts';
import { startPinned } from './processes.ts';
import type { Programs } from './programs.ts';

/** Proxies have a core to themselves; the upstream and the load share the other. */
export const proxyCore = 0;
export const loadCore = 1;

const readyWithinMs = 15_000;

/** Something that answers on 127.0.0.1, in a process of its own. */
export interface Running {
  readonly port: number;
  readonly pid: number;
  /** Lines that requests to it must have in their head. */
  readonly headers?: readonly string[];
  /** Where it says how late its event loop was, if that is watched. */
  readonly loopDelayFile?: string;
  stop(): Promise<void>;
}

/** What proxies are started with. */
export interface Surroundings {
  readonly upstream: Running;
  /** Takes the traces of a sidecar. */
  readonly spanSink: Running;
  readonly programs: Programs;
  /** Whether the proxies tell how late their event loop is. */
  readonly watchLoop: boolean;
  /** How many routes a sidecar has beside the one for everything. */
  readonly routes: number;
}

type Start = (surroundings: Surroundings) => Promise<Running>;

/** The proxies under test, by the names that the tables use. The first is the floor that ratios refer to. */
export const proxies = {
  passthrough: ({ upstream, watchLoop }) => startScript(proxyCore, 'passthrough.ts', [url(upstream)], watchLoop),
  'http-proxy': ({ upstream, watchLoop }) => startScript(proxyCore, 'http-proxy.ts', [url(upstream)], watchLoop),
  'http-proxy-keep-alive': ({ upstream, watchLoop }) => startScript(proxyCore, 'http-proxy.ts', [url(upstream), 'keep-alive'], watchLoop),
  outrigger: (given) => startProgram('built', 'outrigger.yaml', given),
  'outrigger-everything': (given) => startProgram('built', 'outrigger-everything.yaml', given),
  'outrigger-unbuilt': (given) => startProgram('unbuilt', 'outrigger.yaml', given),
  'outrigger-everything-unbuilt': (given) => startProgram('unbuilt', 'outrigger-everything.yaml', given),
  portkey: startPortkey,
} satisfies Record<string, Start>;

export type ProxyName = keyof typeof proxies;

/** Starts the stand-in for an LLM. */
export function startUpstream(): Promise<Running> {
  return startScript(loadCore, 'upstream.ts', []);
}

/** Starts a receiver of traces. */
export function startSpanSink(): Promise<Running> {
  return startScript(loadCore, 'span-sink.ts', []);
}

/** How many exports a receiver of traces has had. */
export async function exportsTaken(spanSink: Running): Promise<number> {
  return Number(await (await fetch(url(spanSink))).text());
}

/** Starts one of our scripts, which prints its port once it listens. */
export async function startScript(core: number, script: string, args: string[], watchLoop = false): Promise<Running> {
  const watch = watchLoop ? watchedLoop() : unwatched;
  const child = startPinned(core, [...watch.args, join(import.meta.dirname, script), ...args], watch.env);
  const output = collect(child);
  const port = await until(child, output, async () => {
    const line = /^(\d+)\n/.exec(output.text)?.[1];
    return line === undefined ? undefined : Number(line);
  });
  return { port, pid: child.pid, ...watch.told, stop: () => stop(child).then(watch.remove) };
}

/** Starts Portkey's gateway as its package does; it listens on all addresses and takes the upstream from each request. */
async function startPortkey({ upstream }: Surroundings): Promise<Running> {
  const port = await freePort();
  const child = startPinned(proxyCore, [portkeyScript, `--port=${port}`]);
  await until(child, collect(child), () => answers(port, '/'));
  const headers = ['x-portkey-provider: openai', `x-portkey-custom-host: ${url(upstream)}/v1`];
  return { port, pid: child.pid, headers, stop: () => stop(child) };
}

async function startProgram(program: keyof Pick<Programs, 'built' | 'unbuilt'>, config: string, given: Surroundings): Promise<Running> {
  const { upstream, spanSink, programs, watchLoop, routes } = given;
  const folder = mkdtempSync(join(tmpdir(), 'outrigger-bench-config-'));
  const path = join(folder, config);
  const lines = Array.from({ length: routes }, (_, index) => `  - { path: ${routePath(index)}, upstream: bench, policy: llm }\n`);
  // The routes stand at the end of the file.
  writeFileSync(path, readFileSync(join(import.meta.dirname, config), 'utf8') + lines.join(''));
  const running = await startSidecar(upstream, path, { root: programs[program], spanSink, watchLoop });
  return { ...running, stop: () => running.stop().then(() => rmSync(folder, { recursive: true })) };
}

/** How a sidecar is started: from which folder, and what it sends traces to. */
interface SidecarOptions {
  readonly root?: string;
  readonly spanSink?: Running;
  readonly watchLoop?: boolean;
  /** A module that is loaded before its own code, with what that reads from the environment. */
  readonly preload?: { readonly module: string; readonly env: Record<string, string> };
}

/** Starts the sidecar as a user would, and waits until its admin port says that it is ready. The file takes ports and paths from `BENCH_*`. */
export async function startSidecar(
  upstream: Running,
  config: string,
  { root = join(import.meta.dirname, '..'), spanSink, watchLoop = false, preload }: SidecarOptions = {},
): Promise<Running & { readonly adminPort: number }> {
  const [port, adminPort] = [await freePort(), await freePort()];
  const stateDir = mkdtempSync(join(tmpdir(), 'outrigger-bench-'));
  const watch = watchLoop ? watchedLoop() : unwatched;
  const before = preload ? ['--import', preload.module] : [];
  const child = startPinned(proxyCore, [...before, ...watch.args, join(root, 'bin/outrigger.js'), 'start', '--config', config], {
    ...watch.env,
    ...preload?.env,
    BENCH_PROXY_PORT: String(port),
    BENCH_ADMIN_PORT: String(adminPort),
    BENCH_UPSTREAM_PORT: String(upstream.port),
    BENCH_STATE_DIR: stateDir,
    ...(spanSink && { BENCH_SPAN_SINK_PORT: String(spanSink.port) }),
  });
  await until(child, collect(child), () => answers(adminPort, '/readyz'));
  return {
    port,
    adminPort,
    pid: child.pid,
    ...watch.told,
    async stop() {
      await stop(child);
      watch.remove();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

interface Watch {
  readonly args: readonly string[];
  readonly env: Record<string, string>;
  readonly told: Pick<Running, 'loopDelayFile'>;
  readonly remove: () => void;
}

const unwatched: Watch = { args: [], env: {}, told: {}, remove: () => {} };

function watchedLoop(): Watch {
  const folder = mkdtempSync(join(tmpdir(), 'outrigger-bench-loop-'));
  const loopDelayFile = join(folder, 'delay.json');
  return {
    args: ['--import', join(import.meta.dirname, 'loop-delay.ts')],
    env: { BENCH_LOOP_DELAY_FILE: loopDelayFile },
    told: { loopDelayFile },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** True once the path is answered with 200, for `until`. */
async function answers(port: number, path: string): Promise<true | undefined> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined);
  await response?.body?.cancel();
  return response?.status === 200 ? true : undefined;
}

function url({ port }: Running): string {
  return `http://127.0.0.1:${port}`;
}

/** Keeps the beginning of what a process prints and reads on, so that it never blocks. */
function collect(child: ChildProcess): { text: string } {
  const output = { text: '' };
  const add = (data: Buffer) => {
    if (output.text.length < 10_000) output.text += data.toString();
  };
  child.stdout?.on('data', add);
  child.stderr?.on('data', add);
  return output;
}

async function until<T>(child: ChildProcess, output: { text: string }, probe: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + readyWithinMs;
  while (performance.now() < deadline && child.exitCode === null) {
    const found = await probe();
    if (found !== undefined) return found;
    await delay(50);
  }
  throw new Error(`${child.spawnargs.join(' ')} did not become ready:\n${output.text}`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${child.spawnargs.join(' ')} has died`);
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
  await exited;
  clearTimeout(timer);
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
