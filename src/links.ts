import { isDeepStrictEqual } from 'node:util';
import type { LoadedConfig } from './config/load.ts';
import { ConfigError } from './config/problem.ts';
import type { Clock } from './core/clock.ts';
import type { Handler } from './core/exchange.ts';
import type { OwnConnections } from './proxy/own-connections.ts';
import type { Upstream } from './proxy/settings.ts';
import { connectUpstream, type UpstreamConnections } from './proxy/upstream.ts';
import { createSimulatedProvider } from './simulated/provider.ts';

/** How to send to one upstream: over its connections, or to the provider in this process. */
export interface Link {
  readonly settings: Upstream;
  readonly send: Handler;
  readonly connections: UpstreamConnections | undefined;
}

/** By the names of the upstreams. */
export type Links = ReadonlyMap<string, Link>;

/**
 * The links to all upstreams of a configuration; those to upstreams that are as they were `before` go on with their
 * connections. Throws a `ConfigError` where one cannot be made, and opens none then.
 */
export function linkUpstreams({ config, file }: LoadedConfig, before: Links, clock: Clock, own: OwnConnections): Links {
  const links = new Map<string, Link>();
  for (const [name, settings] of Object.entries(config.upstreams)) {
    try {
      const known = before.get(name);
      links.set(name, known && isSameLink(known.settings, settings) ? known : link(name, settings, clock, own));
    } catch (error) {
      for (const added of without(links, before)) void added.connections?.destroy();
      const message = error instanceof Error ? error.message : String(error);
      throw new ConfigError([{ file: file ?? 'configuration', path: ['upstreams', name], message }]);
    }
  }
  return links;
}

/** The links that the others have not got. */
export function without(links: Links, others: Links): Link[] {
  return [...links].filter(([name, one]) => others.get(name) !== one).map(([, one]) => one);
}

function link(name: string, settings: Upstream, clock: Clock, own: OwnConnections): Link {
  if (settings.url === 'simulated:') return { settings, send: createSimulatedProvider(clock), connections: undefined };
  const connections = connectUpstream(name, settings, clock, (socket) => own.add(socket));
  return { settings, send: (exchange) => connections.send(exchange), connections };
}

function isSameLink(one: Upstream, other: Upstream): boolean {
  // How answers are read, and what may be sent again, is up to the routes.
  return isDeepStrictEqual({ ...one, dialect: other.dialect, tools: other.tools }, other);
}
