import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startProgram, until } from './programs.ts';
import { type Prometheus, type Range, startPrometheus } from './prometheus.ts';
import { letThingsGoWrong, workQuietly } from './scenario/acts.ts';
import { Callers } from './scenario/callers.ts';
import { scenarioConfig } from './scenario/config.ts';
import { startRealtimeServer, startToolServer } from './scenario/peers.ts';
import { startProvider } from './scenario/provider.ts';

const launcher = resolve(import.meta.dirname, '../../bin/outrigger.js');

/** What is there to be asked when everything has happened. */
export interface Scene {
  readonly prometheus: Prometheus;
  /** From the first call to now. */
  readonly range: Range;
  /** The admin port. */
  readonly admin: string;
}

/**
 * Runs a sidecar in front of scripted providers, with agents that use the real SDKs, until every policy has acted, with a real Prometheus
 * that scrapes it every second; then hands both over. All of it is gone afterwards. `say` hears what is being done.
 */
export async function withLiveScenario<Result>(say: (line: string) => void, use: (scene: Scene) => Promise<Result>): Promise<Result> {
  await using stack = new AsyncDisposableStack();
  const directory = mkdtempSync(join(tmpdir(), 'outrigger-scenario-'));
  stack.defer(() => rmSync(directory, { recursive: true, force: true }));
  const provider = stack.use(await startProvider());
  const files = stack.use(await startToolServer());
  const realtime = stack.use(await startRealtimeServer());

  const file = join(directory, 'outrigger.yaml');
  const peers = { provider: provider.url, files: files.url, realtime: realtime.url };
  const config = scenarioConfig(peers, join(directory, 'state'));
  let changes = 0;
  const reloads = {
    change() {
      changes += 1;
      writeFileSync(file, JSON.stringify({ ...config, drainTimeout: `${20 + changes}s` }));
    },
    spoil: () => writeFileSync(file, JSON.stringify({ ...config, drainTimeout: 'soon' })),
  };
  reloads.change();
  const sidecar = stack.use(startProgram(process.execPath, [launcher, 'start', '--config', file]));
  const admin = /Metrics, health and API: (\S+)/;
  await until('the sidecar says where it listens', 20_000, () => {
    if (sidecar.ended()) throw new Error(`the sidecar has ended: ${sidecar.output()}`);
    return admin.test(sidecar.output());
  });
  const [, adminUrl = ''] = admin.exec(sidecar.output()) ?? [];
  const [, proxy = ''] = /base URL[\s\S]*?(http:\/\/[^/\s]+)/.exec(sidecar.output()) ?? [];

  const post = async (path: string, body: object) => {
    const response = await fetch(`${adminUrl}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  };
  const people = {
    ...reloads,
    pause: (agent: string) => post(`/api/agents/${agent}/pause`, { reason: 'to see what happens' }),
    resume: (agent: string) => post(`/api/agents/${agent}/resume`, {}),
  };

  say('waiting for the first scrape');
  const prometheus = stack.use(await startPrometheus(directory, new URL(adminUrl).host));
  const start = Date.now() / 1000;
  say('letting everything happen');
  const callers = new Callers(proxy);
  const over = new AbortController();
  const watcher = fetch(`${adminUrl}/api/events`, { signal: over.signal }).then((response) => response.text());
  watcher.catch(() => {
    // It ends when we hang up.
  });
  const quiet = workQuietly(callers, over.signal);
  await letThingsGoWrong(callers, people);
  over.abort();
  await quiet;
  // The last scrape, and the rules on it.
  await sleep(3000);
  if (sidecar.ended()) throw new Error(`the sidecar has ended: ${sidecar.output()}`);
  return await use({ prometheus, range: { start, end: Date.now() / 1000, step: 1 }, admin: adminUrl });
}
