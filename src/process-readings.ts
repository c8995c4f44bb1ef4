import { hash } from 'node:crypto';
import type { AgentDirectory } from './agents/directory.ts';
import type { LoadedConfig } from './config/load.ts';
import { maskedConfig } from './config/masked-config.ts';
import type { State } from './core/state.ts';
import { type Generation, setsWithCache } from './generations.ts';
import { answersOf } from './policies/cache/answer-store.ts';
import type { Health } from './telemetry/health/health.ts';
import type { LiveJournal } from './telemetry/live-journal.ts';
import type { Readings } from './telemetry/readings.ts';

export interface ProcessSources {
  readonly state: State;
  readonly directory: AgentDirectory;
  readonly live: LiveJournal;
  readonly health: Health;
  generation(): Generation;
}

const hashes = new WeakMap<LoadedConfig, string>();

/** What is read for a scrape and belongs to no upstream alone. */
export function readProcess(sources: ProcessSources): Omit<Readings, 'upstreams'> {
  const { state, directory, live, health } = sources;
  const { loaded, links, sinceMs } = sources.generation();
  const agents = directory.list();
  const paused = agents.filter((agent) => agent.state === 'paused').length;
  const { disk, loopUtilization } = health.machine;
  return {
    ...readLinksAndCaches({ loaded, links }, state),
    agents: { running: agents.length - paused, paused },
    liveJournal: live.state,
    config: { hash: hashOf(loaded), appliedAtMs: sinceMs },
    health: health.values(),
    disk,
    loopUtilization,
  };
}

/** What is read of the connections to upstreams and of the caches that a process has itself. */
export function readLinksAndCaches(
  { loaded, links }: Pick<Generation, 'loaded' | 'links'>,
  state: State,
): Required<Pick<Readings, 'connections' | 'rateLimits' | 'cache'>> {
  const caches = [...new Set(setsWithCache(loaded))].map((set) => answersOf({ state }, set).inspect());
  const sum = (of: 'entries' | 'bytes' | 'evicted') => caches.reduce((before, cache) => before + cache[of], 0);
  return {
    connections: new Map([...links].map(([name, { connections }]) => [name, connections?.sockets ?? 0])),
    rateLimits: new Map([...links].flatMap(([name, { connections }]) => (connections ? [[name, connections.rateLimits.read()]] : []))),
    cache: { entries: sum('entries'), bytes: sum('bytes'), evicted: sum('evicted') },
  };
}

/** Of what may be seen of it: a configuration with another secret has the same. */
function hashOf(loaded: LoadedConfig): string {
  const known = hashes.get(loaded);
  if (known !== undefined) return known;
  const fresh = hash('sha256', JSON.stringify(maskedConfig(loaded))).slice(0, 12);
  hashes.set(loaded, fresh);
  return fresh;
}
