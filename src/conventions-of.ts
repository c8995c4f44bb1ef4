import type { Config } from './config/config.ts';
import { operationName } from './llm/operation-name.ts';
import type { ConventionOptions } from './telemetry/conventions/recorder.ts';
import { type Environment, traceTerms } from './telemetry/traces/environment.ts';

/** By which conventions metrics are told besides; undefined for none. A running process keeps them. */
export function conventionsOf({ listen, telemetry }: Config, env: Environment): ConventionOptions | undefined {
  const version = traceTerms(telemetry, env).semconv;
  if (version === 'off') return undefined;
  return { version, scheme: listen.cert === undefined ? 'http' : 'https', operationOf: operationName };
}
