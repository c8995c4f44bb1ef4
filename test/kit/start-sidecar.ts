import { onTestFinished } from 'vitest';
import { loadConfigText } from '../../src/config/load.ts';
import { type Sidecar, startSidecar } from '../../src/sidecar.ts';
import { createLog } from '../../src/telemetry/log.ts';
import type { RawUpstream } from './raw-upstream.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** What a test sets of the configuration; anything that YAML takes may stand in it. */
export interface SidecarSettings {
  limits?: Record<string, unknown>;
  /** Keys beside the URL of the upstream. */
  upstream?: Record<string, unknown>;
  /** The policy set of the route; none for a plain pass-through. */
  policy?: Record<string, unknown>;
  /** Any other top-level key. */
  [key: string]: unknown;
}

/**
 * Starts a sidecar in this process from a whole configuration, on free ports, with a state directory of its own. It is killed when the test has finished,
 * which fails if the sidecar logged a bug of its own.
 */
export async function sidecar(config: Record<string, unknown>): Promise<Sidecar> {
  const state = { dir: temporaryDirectory() };
  const whole = { listen: '127.0.0.1:0', admin: { listen: '127.0.0.1:0' }, state, ...config };
  // JSON is YAML.
  const loaded = loadConfigText(JSON.stringify(whole));
  const bugs: string[] = [];
  const write = (line: string) => {
    if (isBug(line)) bugs.push(line);
  };
  const started = await startSidecar(loaded, await createLog(loaded.config.telemetry.log, { write }));
  onTestFinished(async () => {
    await started.kill();
    if (bugs.length > 0) throw new Error(`the sidecar logged a bug: ${bugs.join('')}`);
  });
  return started;
}

/** Whether a line of the log tells of a bug of the sidecar's own. */
export function isBug(line: string): boolean {
  return line.includes('"msg":"bug contained"');
}

/** A sidecar with one upstream behind `/`. */
export function sidecarFor(upstream: Pick<RawUpstream, 'url'>, settings: SidecarSettings = {}): Promise<Sidecar> {
  const { upstream: more, policy, ...rest } = settings;
  return sidecar({
    upstreams: { peer: { url: upstream.url, dialect: 'http', ...more } },
    routes: [{ path: '/', upstream: 'peer', ...(policy && { policy: 'only' }) }],
    ...(policy && { policies: { only: policy } }),
    ...rest,
  });
}
