import { matchesHost } from '../telemetry/traces/upstream-facts.ts';
import type { Config } from './config.ts';
import type { Finding } from './problem.ts';

/** What the keys of traces say in vain. */
export function inertTelemetry({ telemetry, upstreams }: Config): Finding[] {
  const { traces, capture } = telemetry;
  const findings: Finding[] = [];
  const say = (path: readonly (string | number)[], message: string) => findings.push({ path: ['telemetry', ...path], at: 'key', message });
  if (capture.bodies && !traces)
    say(['capture', 'bodies'], 'does nothing without telemetry.traces, unless OTEL_* variables switch traces on');
  if (!traces) return findings;
  if (traces.sample === 0 && traces.alwaysOn.length === 0) {
    say(['traces', 'sample'], 'no trace is exported but of callers that ask for it: nothing is sampled, and alwaysOn is empty');
  }
  const hosts = Object.values(upstreams).flatMap(({ url }) => {
    const { hostname, port, protocol } = new URL(url);
    return hostname === '' ? [] : [{ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || (protocol === 'https:' ? 443 : 80)) }];
  });
  for (const [index, pattern] of traces.baggage.entries()) {
    if (hosts.some(({ host, port }) => matchesHost(pattern, host, port))) continue;
    findings.push({ path: ['telemetry', 'traces', 'baggage', index], at: 'value', message: 'no upstream has this host' });
  }
  return findings;
}
