import { randomBytes } from 'node:crypto';
import type { Agents } from '../agents/agents.ts';
import { type Pause, pauseId } from '../agents/pauses.ts';
import type { ActiveAlerts } from '../alerts-of.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Clock } from '../core/clock.ts';
import { Journal, type Subscriber } from '../core/journal.ts';
import type { PolicyContext } from '../core/policy.ts';
import type { LiveJournal } from '../telemetry/live-journal.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { circuitsToTell, mirrorCircuit } from './circuit-news.ts';
import { relayedCall } from './event-relay.ts';
import type { FromWorker, ToWorker, Wanted, WorkerStart } from './messages.ts';

export interface HubOptions {
  readonly workers: number;
  readonly context: PolicyContext;
  readonly agents: Agents;
  readonly metrics: Metrics;
  readonly live: LiveJournal;
  readonly callerSecret: Uint8Array;
  readonly alerts: () => ActiveAlerts | undefined;
}

/** How long after its last reader has left the live journal goes on: who lost its connection is back by then. */
const readersMs = 60_000;

/** What all workers have in common, as the primary has it: whatever one of them or a person changes is told to the others. */
export class Hub implements Subscriber {
  readonly name = 'hub';
  readonly #options: HubOptions;
  readonly #clock: Clock;
  readonly #tellAll: (message: ToWorker, except?: number) => void;
  /** Subscribers that hear of what happens in workers; the others have counted it there. */
  readonly #relayed: Journal;
  readonly #cacheSecret = randomBytes(32);
  /** The pauses that workers know of. */
  readonly #told = new Map<string, Pause>();
  #wanted: Wanted = 'none';
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(options: HubOptions, tellAll: (message: ToWorker, except?: number) => void) {
    this.#options = options;
    this.#clock = options.context.clock;
    this.#tellAll = tellAll;
    this.#relayed = new Journal([options.live, { name: 'alerts', on: (event, call) => options.alerts()?.engine.on(event, call) }]);
    for (const pause of options.agents.pauses.all()) this.#told.set(pauseId(pause.agent, pause.principal), pause);
  }

  /** What the worker in the slot begins with. */
  startOf(slot: number, loaded: LoadedConfig): WorkerStart {
    const { workers, context, agents, callerSecret } = this.#options;
    const upstreams = Object.keys(loaded.config.upstreams);
    return {
      ...{ kind: 'start', loaded: told(loaded), slot, workers, callerSecret, cacheSecret: this.#cacheSecret },
      ...{ pauses: agents.pauses.all(), releases: agents.released(), circuits: circuitsToTell(upstreams, context), wanted: this.#wanted },
    };
  }

  configure(loaded: LoadedConfig): void {
    this.#tellAll({ kind: 'configure', loaded: told(loaded) });
  }

  /** Of the primary's own journal: what people do by the admin port. */
  on(event: Parameters<Subscriber['on']>[0]): void {
    if (event.kind === 'agent-paused') this.#sharePauses();
    else if (event.kind === 'agent-resumed') this.#sharePauses(event.note === '' ? undefined : event.note);
  }

  /** What the worker in a slot says; `answer` is told on by whoever has the workers. */
  hear(message: Exclude<FromWorker, { kind: 'report' | 'listening' | 'failed' | 'answer' }>, slot: number): void {
    const { agents, metrics, context } = this.#options;
    switch (message.kind) {
      case 'pause':
        if (!agents.pauses.add(message.pause)) return;
        metrics.alreadyPaused([message.pause.agent]);
        this.#sharePauses();
        return;
      case 'note-taken':
        agents.dropNote(message.key);
        this.#tellAll(message, slot);
        return;
      case 'own-connection':
        this.#tellAll(message, slot);
        return;
      case 'circuit':
        mirrorCircuit(message, context);
        this.#tellAll(message, slot);
        return;
      case 'events':
        for (const [event, call] of message.events) this.#relayed.publish(event, call && relayedCall(call, this.#clock));
    }
  }

  /** Lets workers know which events are of use now; `reading` where somebody is about to read them live. */
  want(reading = false): void {
    const { live, alerts } = this.#options;
    if (reading || live.state.clients > 0) this.#readAt = this.#clock.now();
    const isRead = this.#clock.now() - this.#readAt < readersMs;
    const wanted = isRead ? 'all' : alerts() ? 'alerts' : 'none';
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    this.#tellAll({ kind: 'wanted', wanted });
  }

  #sharePauses(note?: string): void {
    const now = new Map(this.#options.agents.pauses.all().map((pause) => [pauseId(pause.agent, pause.principal), pause]));
    for (const [id, pause] of now) {
      if (this.#told.has(id)) continue;
      this.#told.set(id, pause);
      this.#tellAll({ kind: 'pause', pause });
    }
    for (const [id, pause] of this.#told) {
      if (now.has(id)) continue;
      this.#told.delete(id);
      this.#tellAll({ kind: 'resume', pause, note });
    }
  }
}

/** Of a configuration, what serving calls takes. */
function told({ config, file, prices }: LoadedConfig): LoadedConfig {
  return { config, file, prices, warnings: [], foreign: new Set(), files: new Map() };
}
