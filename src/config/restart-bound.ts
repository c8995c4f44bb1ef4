import { isDeepStrictEqual } from 'node:util';
import { isGuarded } from '../admin/settings.ts';
import type { Config } from './config.ts';
import { valueAt } from './config-tree.ts';
import type { LoadedConfig } from './load.ts';
import { formatPath, type Path } from './problem.ts';

/** What a running process cannot change: its listening sockets and what it gave the server that reads from them. */
const bound: readonly Path[] = [
  ['listen'],
  ['admin', 'listen'],
  ['admin', 'token'],
  ['state', 'dir'],
  ['limits', 'headers'],
  ['limits', 'connections'],
  ['limits', 'sessions'],
  ['limits', 'headersTimeout'],
  ['limits', 'requestTimeout'],
  ['telemetry', 'log', 'format'],
  ['telemetry', 'traces', 'endpoint'],
  ['telemetry', 'metrics', 'otlp'],
];

/**
 * A configuration that was read anew as it can take effect without a restart: with the values in force where the process
 * is bound to them. `kept` are the paths of those that differ.
 */
export function withRestartBound(read: LoadedConfig, inForce: LoadedConfig): { loaded: LoadedConfig; kept: readonly string[] } {
  const config = merge(read.config, inForce.config);
  const kept = bound.filter((path) => !isDeepStrictEqual(valueAt(config, path), valueAt(read.config, path)));
  // What is kept of another file stays as secret as it was there.
  const keptForeign = [...inForce.foreign].filter((key) => kept.some((path) => key.startsWith(JSON.stringify(path).slice(0, -1))));
  return { loaded: { ...read, config, foreign: new Set([...read.foreign, ...keptForeign]) }, kept: kept.map(formatPath) };
}

function merge(read: Config, inForce: Config): Config {
  const { headers, connections, sessions, headersTimeout, requestTimeout } = inForce.limits;
  const admin = { ...read.admin, listen: inForce.admin.listen };
  // An address that others reach must not be left without its token.
  if (!isGuarded(admin)) admin.token = inForce.admin.token;
  return {
    ...read,
    listen: inForce.listen,
    admin,
    state: inForce.state,
    limits: { ...read.limits, headers, connections, sessions, headersTimeout, requestTimeout },
    telemetry: mergeTelemetry(read.telemetry, inForce.telemetry),
  };
}

/** Whether and where something is exported to stays; what is exported may change. */
function mergeTelemetry(read: Config['telemetry'], inForce: Config['telemetry']): Config['telemetry'] {
  const traces = read.traces && inForce.traces ? { ...read.traces, endpoint: inForce.traces.endpoint } : inForce.traces;
  return {
    ...read,
    log: { ...read.log, format: inForce.log.format },
    metrics: { ...read.metrics, otlp: inForce.metrics.otlp },
    traces,
  };
}
