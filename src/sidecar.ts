import { startAdminServer } from './admin/server.ts';
import { policyViews, upstreamViews } from './api-views.ts';
import type { LoadedConfig } from './config/load.ts';
import { maskedConfig } from './config/masked-config.ts';
import { systemClock } from './core/clock.ts';
import type { Handler } from './core/exchange.ts';
import { Journal } from './core/journal.ts';
import type { PolicyContext } from './core/policy.ts';
import { StateRegistry } from './core/state.ts';
import { dialectFor } from './llm/dialects.ts';
import { type ActiveRoute, type Plane, startListener } from './proxy/listener.ts';
import { OwnConnections } from './proxy/own-connections.ts';
import { Router } from './proxy/router.ts';
import { connectUpstream, type UpstreamConnections } from './proxy/upstream.ts';
import { createSimulatedProvider } from './simulated/provider.ts';
import { buildStacks, type Stacks } from './stacks.ts';
import { createCallLog } from './telemetry/call-log.ts';
import { createLog, type Log } from './telemetry/log.ts';
import { createMetrics } from './telemetry/metrics.ts';
import { readUpstreams } from './upstream-readings.ts';
import { version } from './version.ts';

interface Address {
  readonly host: string;
  readonly port: number;
}

/** A running sidecar. */
export interface Sidecar {
  readonly proxy: Address;
  readonly admin: Address;
  readonly log: Log;
  /** Takes no new calls and lets those under way end, for at most `drainTimeout`. */
  stop(): Promise<void>;
  /** Closes everything at once. */
  kill(): Promise<void>;
}

/** Starts a sidecar from a valid configuration. Rejects where an address or a file cannot be had; nothing is left open then. */
export async function startSidecar(loaded: LoadedConfig, log?: Log): Promise<Sidecar> {
  const { config } = loaded;
  const ownLog = log ?? (await createLog(config.telemetry.log));
  const { logger } = ownLog;
  const context: PolicyContext = { clock: systemClock, random: Math.random, state: new StateRegistry().state };
  const names = Object.keys(config.upstreams);
  const metrics = createMetrics({
    version,
    upstreams: names,
    routes: config.routes,
    agents: Object.keys(config.agents),
    bounds: config.telemetry.metrics,
    observe: () => ({ upstreams: readUpstreams(names, context), journalErrors: journal.errors(), logLinesDropped: ownLog.dropped() }),
  });
  const journal = new Journal([metrics.subscriber, createCallLog({ logger, access: () => config.telemetry.log.access })]);
  const own = new OwnConnections();
  const { sends, connections } = connectAll(loaded, context, own);
  const stacks = buildStacks(config, sends, context);
  const plane = planeOf(loaded, stacks);

  let state: 'starting' | 'serving' | 'draining' = 'starting';
  // Readiness is asked for while the sidecar starts and while it drains, so the admin port opens first and closes last.
  const admin = await startAdminServer({
    settings: () => config.admin,
    onError: (error) => logger.error({ err: error }, 'the admin port failed on a request'),
    sources: {
      ready: () => ({ ready: state === 'serving', reason: state }),
      upstreams: () => upstreamViews(loaded, context, connections),
      policies: () => policyViews(stacks),
      config: () => maskedConfig(loaded),
      metrics: () => metrics.text(),
    },
  });
  const closeRest = async (close: (connection: UpstreamConnections) => Promise<void>) => {
    await Promise.all([...connections.values()].map(close));
    await admin.close();
    ownLog.flush();
  };
  try {
    const listener = await startListener({ listen: config.listen, plane: () => plane, journal, clock: systemClock, own });
    state = 'serving';
    return {
      proxy: { host: listener.host, port: listener.port },
      admin: hostAndPort(admin.url),
      log: ownLog,
      async stop() {
        state = 'draining';
        await listener.drain(config.drainTimeout);
        await closeRest((connection) => connection.close());
      },
      async kill() {
        state = 'draining';
        await listener.stop();
        await closeRest((connection) => connection.destroy());
      },
    };
  } catch (error) {
    await closeRest((connection) => connection.destroy());
    throw error;
  }
}

function hostAndPort(url: string): Address {
  const { hostname, port } = new URL(url);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) };
}

/** How to send to each upstream: over its connections, or to the provider in this process. */
function connectAll({ config }: LoadedConfig, context: PolicyContext, own: OwnConnections) {
  const sends = new Map<string, Handler>();
  const connections = new Map<string, UpstreamConnections>();
  for (const [name, upstream] of Object.entries(config.upstreams)) {
    if (upstream.url === 'simulated:') {
      sends.set(name, createSimulatedProvider(context.clock));
      continue;
    }
    const connection = connectUpstream(name, upstream, context.clock, (socket) => own.add(socket));
    connections.set(name, connection);
    sends.set(name, (exchange) => connection.send(exchange));
  }
  return { sends, connections };
}

function planeOf({ config }: LoadedConfig, stacks: Stacks): Plane {
  const routes = config.routes.map((route) => {
    const dialect = config.upstreams[route.upstream]?.dialect ?? 'auto';
    const active: ActiveRoute = {
      path: route.path,
      upstream: route.upstream,
      dialect: (request) => dialectFor(dialect, request),
      handler: (agent) => stacks.handler(route, agent),
    };
    return { path: route.path, route: active };
  });
  return {
    router: new Router(routes),
    callerDialect: (request) => dialectFor('auto', request),
    limits: config.limits,
    responseHeaders: config.responseHeaders,
    suppressClientRetries: config.clientRetries === 'suppress',
  };
}
