import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryDirectory } from '../kit/temporary-directory.ts';

const launcher = resolve(import.meta.dirname, '../../bin/outrigger.js');

/** The sidecar as users run it: a process of its own, started by the launcher. */
export interface SidecarProcess {
  child: ChildProcess;
  proxy: string;
  admin: string;
  /** Its configuration. */
  file: string;
  /** All that it has written so far. */
  output(): string;
  /** Resolves to the exit code, or to the signal that ended it. */
  exited: Promise<number | string>;
}

/** Starts the launcher with arguments; killed after the test. */
export function launch(args: readonly string[], more: { nodeArguments?: string[]; env?: NodeJS.ProcessEnv } = {}) {
  const child = spawn(process.execPath, [...(more.nodeArguments ?? []), launcher, ...args], { env: { ...process.env, ...more.env } });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = once(child, 'close').then(([code, signal]: (number | string | null)[]) => code ?? signal ?? 'unknown');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  return { child, output: () => output, exited };
}

/** Starts a sidecar from a configuration on free ports, and waits until it says where it listens. */
export async function startProcess(
  config: Record<string, unknown>,
  { flags = [], ...more }: Parameters<typeof launch>[1] & { flags?: string[] } = {},
): Promise<SidecarProcess> {
  const file = join(temporaryDirectory(), 'outrigger.yaml');
  writeFileSync(file, JSON.stringify({ listen: '127.0.0.1:0', admin: { listen: '127.0.0.1:0' }, ...config }));
  const started = launch(['start', '--config', file, ...flags], more);
  const { child, output, exited } = started;
  const ready = /Metrics, health and API: (\S+)/;
  await new Promise<void>((found, failed) => {
    child.stderr?.on('data', () => {
      if (ready.test(output())) found();
    });
    void exited.then((code) => failed(new Error(`exited with ${code}: ${output()}`)));
  });
  const proxy = /(https?:\/\/[^/\s]+)/.exec(output().slice(output().indexOf('base URL')))?.[1] ?? '';
  return { ...started, proxy, admin: ready.exec(output())?.[1] ?? '', file };
}
