import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startPinned } from './processes.ts';

/** Proxies have a core to themselves; the upstream and the load share the other. */
export const proxyCore = 0;
export const loadCore = 1;

const readyWithinMs = 15_000;

/** Something that answers on 127.0.0.1, in a process of its own. */
export interface Running {
  port: number;
  pid: number;
  stop(): Promise<void>;
}

/** The proxies under test, by the names that the tables use. The first is the floor that ratios refer to. */
export const proxies = {
  passthrough: (upstream: Running) => startScript(proxyCore, 'passthrough.ts', [url(upstream)]),
  'http-proxy': (upstream: Running) => startScript(proxyCore, 'http-proxy.ts', [url(upstream)]),
  'http-proxy-keep-alive': (upstream: Running) => startScript(proxyCore, 'http-proxy.ts', [url(upstream), 'keep-alive']),
  outrigger: (upstream: Running) => startSidecar(upstream, join(import.meta.dirname, 'outrigger.yaml')),
} satisfies Record<string, (upstream: Running) => Promise<Running>>;

export type ProxyName = keyof typeof proxies;

/** Starts the stand-in for an LLM. */
export function startUpstream(): Promise<Running> {
  return startScript(loadCore, 'upstream.ts', []);
}

/** Starts one of our scripts, which prints its port once it listens. */
async function startScript(core: number, script: string, args: string[]): Promise<Running> {
  const child = startPinned(core, [join(import.meta.dirname, script), ...args]);
  const output = collect(child);
  const port = await until(child, output, async () => {
    const line = /^(\d+)\n/.exec(output.text)?.[1];
    return line === undefined ? undefined : Number(line);
  });
  return { port, pid: child.pid, stop: () => stop(child) };
}

/** Starts the sidecar as a user would, and waits until its admin port says that it is ready. The file takes ports and paths from `BENCH_*`. */
export async function startSidecar(upstream: Running, config: string): Promise<Running & { readonly adminPort: number }> {
  const [port, adminPort] = [await freePort(), await freePort()];
  const stateDir = mkdtempSync(join(tmpdir(), 'outrigger-bench-'));
  const child = startPinned(proxyCore, [join(import.meta.dirname, '../bin/outrigger.js'), 'start', '--config', config], {
    BENCH_PROXY_PORT: String(port),
    BENCH_ADMIN_PORT: String(adminPort),
    BENCH_UPSTREAM_PORT: String(upstream.port),
    BENCH_STATE_DIR: stateDir,
  });
  const output = collect(child);
  await until(child, output, async () => {
    const response = await fetch(`http://127.0.0.1:${adminPort}/readyz`).catch(() => undefined);
    await response?.body?.cancel();
    return response?.status === 200 ? true : undefined;
  });
  return {
    port,
    adminPort,
    pid: child.pid,
    async stop() {
      await stop(child);
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
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
