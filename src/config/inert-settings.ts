import { isLoopback, splitAddress } from '../settings/address.ts';
import { inertAlerts } from './alert-checks.ts';
import type { Config } from './config.ts';
import { fallbackChecks } from './fallback-checks.ts';
import { fallbackTargets } from './fallback-targets.ts';
import { faultWarnings } from './fault-warnings.ts';
import { inertChannels } from './inert-channels.ts';
import { inertLoops } from './inert-loops.ts';
import { inertPolicies } from './inert-policies.ts';
import { inertTelemetry } from './inert-telemetry.ts';
import { inertTools } from './inert-tools.ts';
import type { Finding, Path } from './problem.ts';

const shortToken = 16;

/** What a valid configuration says in vain or against itself; `root` is the configuration as it was written. */
export function inertSettings(config: Config, root: unknown): Finding[] {
  return [
    ...unused(config),
    ...upstreamFindings(config),
    ...Object.entries(config.policies).flatMap(([name, set]) => inertPolicies(set, ['policies', name], root)),
    ...fallbackChecks(root).filter(({ rejects }) => !rejects),
    ...faultWarnings(config, root),
    ...limitFindings(config),
    ...inertAlerts(config.alerts),
    ...inertChannels(config.alerts),
    ...inertTools(config),
    ...inertLoops(config, root),
    ...inertTelemetry(config),
  ];
}

function unused(config: Config): Finding[] {
  const { routes, upstreams, policies } = config;
  const findings: Finding[] = [];
  const used = new Set([...routes.map(({ upstream }) => upstream), ...fallbackTargets(config).map(({ upstream }) => upstream)]);
  const about = (path: Path, what: string) => findings.push({ path, at: 'key', message: `no route uses this ${what}` });
  for (const name of Object.keys(upstreams)) if (!used.has(name)) about(['upstreams', name], 'upstream');
  for (const name of Object.keys(policies)) if (!routes.some(({ policy }) => policy === name)) about(['policies', name], 'policy set');
  return findings;
}

function upstreamFindings({ upstreams, listen }: Config): Finding[] {
  return Object.entries(upstreams).flatMap(([name, { url, http2, tls, headers }]): Finding[] => {
    const path = ['upstreams', name];
    const findings: Finding[] = [];
    const say = (key: string, message: string) => findings.push({ path: [...path, key], at: 'key', message });
    const simulated = url === 'simulated:';
    if (!url.startsWith('https:')) {
      if (http2) say('http2', 'does nothing without https://: HTTP/2 is agreed on in the TLS handshake');
      if (Object.values(tls).some((value) => value !== undefined)) say('tls', 'does nothing without https://');
    }
    if (simulated && Object.keys(headers).length > 0) say('headers', 'does nothing: the simulated provider reads no headers');
    if (!simulated && leadsTo(url, listen.address)) say('url', 'leads back to the proxy port itself: calls would go round in a circle');
    return findings;
  });
}

function leadsTo(url: string, address: string): boolean {
  const { hostname, port, protocol } = new URL(url);
  const own = splitAddress(address);
  const host = hostname.replace(/^\[|\]$/g, '');
  const samePort = Number(port || (protocol === 'https:' ? 443 : 80)) === own.port;
  return samePort && (host === own.host || (isLoopback(host) && (isLoopback(own.host) || /^[0.:]+$/.test(own.host))));
}

function limitFindings({ limits, admin }: Config): Finding[] {
  const findings: Finding[] = [];
  if (limits.replayBody > limits.requestBody) {
    findings.push({ path: ['limits', 'replayBody'], at: 'key', message: 'is above limits.requestBody, and no body is' });
  }
  if (admin.token !== undefined && admin.token.length < shortToken) {
    findings.push({ path: ['admin', 'token'], at: 'key', message: `is shorter than ${shortToken} characters, so it can be guessed` });
  }
  return findings;
}
