import { AgentDirectory } from '../agents/directory.ts';
import { Pauses } from '../agents/pauses.ts';
import { Principals } from '../agents/principal.ts';
import { Releases } from '../agents/releases.ts';
import { createSurroundings } from '../agents-of.ts';
import { CallsUnderWay } from '../calls-under-way.ts';
import type { LoadedConfig } from '../config/load.ts';
import { conventionsOf } from '../conventions-of.ts';
import { systemClock } from '../core/clock.ts';
import { Journal, type Subscriber } from '../core/journal.ts';
import type { PolicyContext } from '../core/policy.ts';
import { StateRegistry } from '../core/state.ts';
import { startExports } from '../exports.ts';
import { Generations } from '../generations.ts';
import { namesOf } from '../names-of.ts';
import { startListener } from '../proxy/listener.ts';
import { Accounts } from '../telemetry/accounts.ts';
import { createCallLog } from '../telemetry/call-log.ts';
import { createMachine } from '../telemetry/health/machine.ts';
import type { Log } from '../telemetry/log.ts';
import { LongCalls } from '../telemetry/long-calls.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { version } from '../version.ts';
import { circuitNews, hearOfCircuit } from './circuit-news.ts';
import { EventRelay } from './event-relay.ts';
import type { FromWorker, ToWorker, WorkerStart } from './messages.ts';
import { shareOfLimits } from './share-of-limits.ts';
import { SharedAgents } from './shared-agents.ts';
import { SharedConnections } from './shared-connections.ts';
import { sharedState, takeAnswer } from './shared-state.ts';
import { createReporter } from './worker-report.ts';

/** A worker that serves calls. */
export interface ServingWorker {
  /** Takes what the primary says, but for the first and the last word. */
  hear(message: Exclude<ToWorker, { kind: 'start' | 'drain' }>): void;
  /** Takes no new calls, lets those under way end for at most `timeoutMs`, and tells the last of them. */
  drain(timeoutMs: number): Promise<void>;
}

const clock = systemClock;

/** Starts the data plane of one worker; the primary has all the rest. Rejects where the address cannot be had. */
export async function startWorker(start: WorkerStart, log: Log, tell: (message: FromWorker) => void): Promise<ServingWorker> {
  const { slot } = start;
  const logger = log.logger.child({ worker: slot });
  const loaded = shareOfLimits(start.loaded, start);
  const registry = new StateRegistry();
  const state = sharedState(registry, start.cacheSecret, clock, (kept) => tell({ kind: 'answer', ...kept }));
  const context: PolicyContext = { clock, random: Math.random, state };
  const calls = new CallsUnderWay(clock);
  const exporting = await startExports(loaded.config, process.env, clock, logger);
  const { traces } = exporting;
  const metrics = createMetrics({
    ...{ version, ...namesOf(loaded), bounds: loaded.config.telemetry.metrics, conventions: conventionsOf(loaded.config, process.env) },
    worker: slot,
    // The primary reads what is told at a scrape.
    observe: () => ({ upstreams: new Map() }),
  });
  const callLog = createCallLog({ logger, access: () => generations.current.loaded.config.telemetry.log.access });
  const accounts = new Accounts(loaded.prices);
  const agents = new SharedAgents(new Pauses(start.pauses, notKept), new Releases(start.releases), (key) =>
    tell({ kind: 'note-taken', key }),
  );
  const loops = createSurroundings(agents, new Principals(() => start.callerSecret), loaded.config.limits.sessions);
  const directory = new AgentDirectory(clock, agents.pauses);
  const relay = new EventRelay(clock, (events) => tell({ kind: 'events', events }));
  relay.wanted = start.wanted;
  const machine = createMachine(loaded.config.state.dir);
  /** What other workers must know at once. */
  const news: Subscriber = {
    name: 'news',
    on(event, call) {
      if (!call) return;
      if (event.kind === 'circuit') tell({ kind: 'circuit', ...circuitNews(event.upstream, event.model, slot, context) });
      else if (event.kind === 'agent-paused') {
        const pause = agents.pauses.of(call.agent.name, call.agent.principal ?? '');
        if (pause) tell({ kind: 'pause', pause });
      }
    },
  };
  const report = createReporter({
    metrics,
    directory,
    machine,
    log,
    traces,
    journal: () => journal,
    generation: () => generations.current,
    context,
  });
  const journal: Journal = new Journal([
    ...[news, accounts, metrics.subscriber, directory, callLog, ...(traces ? [traces.tracer] : []), calls, report.heads, relay],
  ]);
  const own = new SharedConnections(slot, (connection) => tell({ kind: 'own-connection', ...connection }));
  // That an upstream has moved is told by the primary: once.
  const quiet = new Journal([{ name: 'bugs', on: (event) => event.kind === 'bug' && journal.publish(event) }]);
  const generations = new Generations(loaded, { context, loops, registry, own, calls, journal: quiet });
  for (const circuit of start.circuits) hearOfCircuit(circuit, { ...start, slot: circuit.slot }, context);

  const configure = (given: LoadedConfig) => {
    const mine = shareOfLimits(given, start);
    generations.replace(mine);
    metrics.configure(namesOf(mine), mine.config.telemetry.metrics);
    accounts.configure(mine.prices);
    exporting.configure(mine.config);
    logger.level = mine.config.telemetry.log.level;
  };

  const listener = await startListener({
    listen: loaded.config.listen,
    plane: () => generations.current.plane,
    journal,
    clock,
    own,
    tracing: traces?.tracer,
  });
  own.port = listener.port;
  const longCalls = new LongCalls({ calls: () => listener.underWay(), clock, logger });
  tell({ kind: 'listening', host: listener.host, port: listener.port });
  return {
    hear(message) {
      switch (message.kind) {
        case 'configure':
          return attempt(() => configure(message.loaded));
        case 'report':
          return void report.take(message.more).then((told) => tell({ kind: 'report', id: message.id, report: told }));
        case 'wanted':
          relay.wanted = message.wanted;
          return undefined;
        case 'pause':
          return void agents.pauses.add(message.pause);
        case 'resume':
          return void agents.resume(message.pause, message.note, clock.now());
        case 'note-taken':
          return agents.dropNote(message.key);
        case 'circuit':
          return hearOfCircuit(message, start, context);
        case 'own-connection':
          return own.hear(message);
        case 'answer':
          return takeAnswer(registry.state, message, clock);
      }
    },
    async drain(timeoutMs) {
      await listener.drain(timeoutMs);
      longCalls.close();
      await Promise.all([generations.close(), exporting.close()]);
      relay.flush();
      tell({ kind: 'report', id: 0, report: await report.take('nothing') });
      machine.close();
      log.flush();
    },
  };

  function attempt(act: () => void): void {
    try {
      act();
    } catch (error) {
      journal.publish({ kind: 'bug', attempt: 0, error });
    }
  }
}

/** The primary keeps the pauses. */
const notKept = { put: () => {}, remove: () => {}, stored: () => Promise.resolve(true) };
