import { startAdminServer } from './admin/server.ts';
import { AgentDirectory } from './agents/directory.ts';
import { agentRoutes, resumeAgents } from './agents-api.ts';
import { callerSecret, createAgents } from './agents-of.ts';
import { readAlerts } from './alert-readings.ts';
import { alertRoutes } from './alert-routes.ts';
import { alertmanagerHook } from './alertmanager-hook.ts';
import { Alerting } from './alerts-of.ts';
import { policyViews, upstreamViews } from './api-views.ts';
import { CallsUnderWay } from './calls-under-way.ts';
import type { LoadedConfig, LoadResult } from './config/load.ts';
import { maskedConfig } from './config/masked-config.ts';
import { conventionsOf } from './conventions-of.ts';
import { systemClock } from './core/clock.ts';
import { Journal } from './core/journal.ts';
import type { PolicyContext } from './core/policy.ts';
import { StateRegistry } from './core/state.ts';
import { eventRoutes } from './events-api.ts';
import { startExports } from './exports.ts';
import { Generations } from './generations.ts';
import { createHealth } from './health-of.ts';
import { linkRoutes } from './link-routes.ts';
import { namesOf } from './names-of.ts';
import { readProcess } from './process-readings.ts';
import { startListener } from './proxy/listener.ts';
import { OwnConnections } from './proxy/own-connections.ts';
import { createReload } from './reload.ts';
import { createStateStore } from './state-store-of.ts';
import { Accounts } from './telemetry/accounts.ts';
import { createCallLog } from './telemetry/call-log.ts';
import { LiveJournal } from './telemetry/live-journal.ts';
import { createLog, type Log } from './telemetry/log.ts';
import { LongCalls } from './telemetry/long-calls.ts';
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
  /**
   * Puts a configuration in force that was read anew, for the calls that begin from now on. One that was rejected changes
   * nothing. Log, metrics and journal tell of either. Never throws.
   */
  reload(result: LoadResult): void;
  /** Takes no new calls and lets those under way end, for at most `drainTimeout`. */
  stop(): Promise<void>;
  /** Closes everything at once. */
  kill(): Promise<void>;
}

/**
 * Starts a sidecar from a valid configuration. Rejects where an address or a file cannot be had; nothing is left open then.
 * Several `workers` are processes of their own that serve the calls; this one has all the rest then.
 */
export async function startSidecar(loaded: LoadedConfig, log?: Log, workers = 1): Promise<Sidecar> {
  const ownLog = log ?? (await createLog(loaded.config.telemetry.log));
  const { logger } = ownLog;
  const registry = new StateRegistry();
  const context: PolicyContext = { clock: systemClock, random: Math.random, state: registry.state };
  const calls = new CallsUnderWay(context.clock);
  const exporting = await startExports(loaded.config, process.env, context.clock, logger);
  const { traces } = exporting;
  const metrics = createMetrics({
    version,
    ...namesOf(loaded),
    bounds: loaded.config.telemetry.metrics,
    conventions: conventionsOf(loaded.config, process.env),
    observe: () => ({
      upstreams: readings(),
      ...processReadings(),
      ...readAlerts(alerting.active),
    }),
    processes: () => fleet?.processes() ?? [],
  });
  const callLog = createCallLog({ logger, access: () => configNow().telemetry.log.access });
  const accounts = new Accounts(loaded.prices);
  const { dir } = loaded.config.state;
  const store = createStateStore(dir, systemClock, logger);
  const { sessions } = loaded.config.limits;
  const onStateError = (error: unknown, what: string) => logger.error({ err: error }, what);
  const loops = await createAgents({ directory: dir, sessions, store, onError: onStateError });
  const directory = new AgentDirectory(systemClock, loops.agents.pauses);
  const live = new LiveJournal(systemClock);
  const health = createHealth(loaded.config, {
    clock: systemClock,
    alerts: () => alerting.active,
    readings: () => readings(),
    store,
    machine: (own) => fleet?.machine(own) ?? own,
  });
  const journal = new Journal([accounts, metrics.subscriber, directory, callLog, ...(traces ? [traces.tracer] : []), calls, health, live]);
  const alerting = new Alerting({ journal, clock: systemClock, logger, store, directory: dir });
  const own = new OwnConnections();
  const generations = new Generations(loaded, { context, loops, registry, own, calls, journal });
  const configNow = () => generations.current.loaded.config;
  const fleet =
    workers > 1
      ? new (await import('./cluster/fleet.ts')).Fleet({
          ...{ workers, context, agents: loops.agents, metrics, live, log: ownLog, directory, health },
          callerSecret: callerSecret(dir, onStateError),
          alerts: () => alerting.active,
        })
      : undefined;
  if (fleet) journal.subscribe(fleet.hub);
  const readings = () => {
    const names = Object.keys(configNow().upstreams);
    return fleet ? fleet.upstreams(names) : readUpstreams(names, generations.current.stacks.views, context);
  };
  const processReadings = () => {
    const mine = {
      ...readProcess({ state: context.state, directory, live, health, generation: () => generations.current }),
      ...{ journalErrors: journal.errors(), logLinesDropped: ownLog.dropped(), spansDropped: traces?.dropped },
    };
    return fleet ? fleet.readings(mine) : mine;
  };

  // Those of before count as paused from the start, and are no news.
  metrics.alreadyPaused(loops.agents.pauses.all().map(({ agent }) => agent));
  let state: 'starting' | 'serving' | 'draining' = 'starting';
  // Readiness is asked for while the sidecar starts and while it drains, so the admin port opens first and closes last.
  const admin = await startAdminServer({
    settings: () => configNow().admin,
    before: (path) => fleet?.freshen(path),
    onError: (error) => logger.error({ err: error }, 'the admin port failed on a request'),
    routes: [
      ...agentRoutes({ agents: loops.agents, directory, journal, clock: systemClock }),
      ...eventRoutes(live),
      ...alertRoutes(() => alerting.active, systemClock),
      ...linkRoutes({
        active: () => alerting.active,
        resume: (agent) => resumeAgents({ agents: loops.agents, journal, clock: systemClock }, agent),
        clock: systemClock,
      }),
      alertmanagerHook(() => alerting.active),
    ],
    sources: {
      ready: () =>
        fleet && state === 'serving' && !fleet.serves
          ? { ready: false, reason: 'no worker is running' }
          : { ready: state === 'serving', reason: state },
      health: () => health.report(),
      upstreams: () => upstreamViews(generations.current, readings(), processReadings().connections ?? new Map()),
      policies: () => (fleet ? fleet.policies() : policyViews(generations.current.stacks)),
      costs: () => metrics.costs(),
      config: () => maskedConfig(generations.current.loaded),
      metrics: () => metrics.text(),
    },
  });
  const closeRest = async (closing: Promise<unknown>) => {
    await closing;
    await alerting.close();
    await store.close();
    await admin.close();
    health.close();
    ownLog.flush();
  };
  try {
    await alerting.configure(loaded.config);
    const { listen } = loaded.config;
    const serve = () =>
      startListener({ listen, plane: () => generations.current.plane, journal, clock: systemClock, own, tracing: traces?.tracer });
    const listener = await (fleet ? fleet.start(loaded) : serve());
    await exporting.push(metrics);
    const longCalls = new LongCalls({ calls: () => listener.underWay(), clock: systemClock, logger });
    const reload = createReload({ generations, metrics, accounts, exporting, health, alerting, journal, logger });
    health.start();
    state = 'serving';
    return {
      proxy: { host: listener.host, port: listener.port },
      admin: hostAndPort(admin.url),
      log: ownLog,
      reload(result) {
        if (state !== 'serving') return;
        reload(result);
        fleet?.configure(generations.current.loaded);
      },
      async stop() {
        state = 'draining';
        await listener.drain(configNow().drainTimeout);
        longCalls.close();
        await closeRest(Promise.all([generations.close(), exporting.close()]));
      },
      async kill() {
        state = 'draining';
        await listener.stop();
        longCalls.close();
        void exporting.close();
        await closeRest(generations.destroy());
      },
    };
  } catch (error) {
    void exporting.close();
    await closeRest(generations.destroy());
    throw error;
  }
}

function hostAndPort(url: string): Address {
  const { hostname, port } = new URL(url);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) };
}
