import { LRUCache } from 'lru-cache';
import type { Clock } from '../core/clock.ts';
import type { CallOutcome, Event } from '../core/event.ts';
import type { Agent } from '../core/exchange.ts';
import { isoTime } from '../core/iso-time.ts';
import type { CallInfo, Subscriber } from '../core/journal.ts';
import { tokensIn } from '../core/usage.ts';
import { agentId } from './agent-id.ts';
import { anyPrincipal, type Pause, type Pauses } from './pauses.ts';

/** Agents that are kept, and what is kept of each. */
const agentsKept = 1000;
const sessionsKept = 500;
const modelsKept = 20;

interface Entry {
  readonly key: string;
  readonly name: string;
  readonly principal: string;
  source: Agent['source'];
  client: string | undefined;
  readonly models: Set<string>;
  /** The latest at the end. */
  readonly sessions: Set<string>;
  requests: number;
  readonly outcomes: Partial<Record<CallOutcome, number>>;
  tokens: number;
  costUsd: number;
  /** Milliseconds since the Unix epoch. */
  firstSeenMs: number;
  lastSeenMs: number;
}

/** What an agent has done since it was last told, for the directory of another process. As JSON. */
export interface AgentRecord extends Omit<Entry, 'models' | 'sessions'> {
  readonly models: readonly string[];
  readonly sessions: readonly string[];
}

/** One agent as `/api/agents` shows it. */
export interface AgentView {
  readonly id: string;
  readonly name: string;
  /** What its name was told by. */
  readonly source: Agent['source'] | 'pause';
  /** Beginning of the tag of its caller's credential; empty without one. */
  readonly principal: string;
  readonly client: string | null;
  readonly models: readonly string[];
  /** Of its last 500. */
  readonly sessions: number;
  readonly requests: number;
  readonly outcomes: Partial<Record<CallOutcome, number>>;
  /** Reported and estimated ones. */
  readonly tokens: number;
  /** Without what has no price. */
  readonly costUsd: number;
  readonly firstSeen: string | null;
  readonly lastSeen: string | null;
  readonly state: 'running' | 'paused';
  readonly pause: (Omit<Pause, 'agent' | 'principal' | 'sinceMs'> & { readonly since: string }) | null;
}

/** The agents that have called, the latest 1,000 of them, and what each has done. */
export class AgentDirectory implements Subscriber {
  readonly name = 'agents';
  readonly #clock: Clock;
  readonly #pauses: Pauses;
  readonly #entries = new LRUCache<string, Entry>({ max: agentsKept });
  /** Whoever names callers gives the same object for the same caller. */
  readonly #byAgent = new WeakMap<Agent, Entry>();

  constructor(clock: Clock, pauses: Pauses) {
    this.#clock = clock;
    this.#pauses = pauses;
  }

  on(event: Event, call: CallInfo | undefined): void {
    if (!call) return;
    if (event.kind === 'attempt-answered' || event.kind === 'tunnel-answered') {
      const { models } = this.#entryOf(call.agent);
      if (event.model !== undefined && models.size < modelsKept) models.add(event.model);
    } else if (event.kind === 'call-ended') {
      const entry = this.#entryOf(call.agent);
      const { spent, outcome } = event;
      entry.requests += 1;
      entry.outcomes[outcome] = (entry.outcomes[outcome] ?? 0) + 1;
      entry.lastSeenMs = this.#clock.wall();
      entry.client = call.asked?.client ?? entry.client;
      if (call.session !== undefined) remember(entry.sessions, call.session);
      if (!spent) return;
      entry.tokens += (spent.usage ? tokensIn(spent.usage) : 0) + (spent.estimated ? tokensIn(spent.estimated) : 0);
      entry.costUsd += spent.costUsd ?? 0;
    }
  }

  /** All agents, the one that called last first; paused ones that have not called are among them. */
  list(): readonly AgentView[] {
    const seen = [...this.#entries.values()].map((entry) => this.#view(entry));
    const shown = new Set(seen.map(({ id }) => id));
    const others = this.#pauses.all().filter(({ agent, principal }) => !shown.has(idOf(agent, principal)));
    return [...seen, ...others.map(viewOfPause)];
  }

  /** The agents that an id stands for: one, or all of that name. */
  find(idOrName: string): readonly AgentView[] {
    return this.list().filter(({ id, name }) => id === idOrName || name === idOrName);
  }

  /** The whole tag of the caller whose agent has this id. */
  principalOf(id: string): string | undefined {
    return [...this.#entries.values()].find(({ name, principal }) => agentId(name, principal) === id)?.principal;
  }

  /** What is known, which is forgotten with that: it is for another directory to keep. */
  take(): AgentRecord[] {
    const records = [...this.#entries.values()].map(({ models, sessions, ...entry }) => ({
      ...entry,
      models: [...models],
      sessions: [...sessions],
    }));
    this.#entries.clear();
    return records;
  }

  /** Takes in what another directory has told. */
  absorb(records: readonly AgentRecord[]): void {
    for (const { key, name, principal, source, client, models, sessions, requests, outcomes, tokens, costUsd, ...seen } of records) {
      const entry = this.#entries.get(key) ?? this.#add(key, name, principal, source);
      entry.source = source;
      entry.client = client ?? entry.client;
      for (const model of models) if (entry.models.size < modelsKept) entry.models.add(model);
      for (const session of sessions) remember(entry.sessions, session);
      entry.requests += requests;
      for (const [outcome, count] of Object.entries(outcomes) as [CallOutcome, number][]) {
        entry.outcomes[outcome] = (entry.outcomes[outcome] ?? 0) + count;
      }
      entry.tokens += tokens;
      entry.costUsd += costUsd;
      entry.firstSeenMs = Math.min(entry.firstSeenMs, seen.firstSeenMs);
      entry.lastSeenMs = Math.max(entry.lastSeenMs, seen.lastSeenMs);
    }
  }

  #entryOf(agent: Agent): Entry {
    const known = this.#byAgent.get(agent);
    if (known && this.#entries.get(known.key) === known) return known;
    const { name, principal = '', source, client } = agent;
    const key = `${name}\n${principal}`;
    const entry = this.#entries.get(key) ?? this.#add(key, name, principal, source);
    entry.source = source;
    entry.client = client ?? entry.client;
    this.#byAgent.set(agent, entry);
    return entry;
  }

  #add(key: string, name: string, principal: string, source: Agent['source']): Entry {
    const now = this.#clock.wall();
    const entry: Entry = {
      ...{ key, name, principal, source, client: undefined, models: new Set(), outcomes: {} },
      ...{ sessions: new Set(), requests: 0, tokens: 0, costUsd: 0 },
      ...{ firstSeenMs: now, lastSeenMs: now },
    };
    this.#entries.set(key, entry);
    return entry;
  }

  #view(entry: Entry): AgentView {
    const { name, principal, source, client, models, sessions, requests, outcomes, tokens, costUsd } = entry;
    const pause = this.#pauses.of(name, principal);
    return {
      ...{ id: agentId(name, principal), name, source, principal: principal.slice(0, 8), client: client ?? null },
      ...{ models: [...models], sessions: sessions.size, requests, outcomes, tokens, costUsd },
      firstSeen: isoTime(entry.firstSeenMs),
      lastSeen: isoTime(entry.lastSeenMs),
      state: pause ? 'paused' : 'running',
      pause: pause ? shown(pause) : null,
    };
  }
}

function remember(sessions: Set<string>, session: string): void {
  sessions.delete(session);
  sessions.add(session);
  if (sessions.size > sessionsKept) for (const oldest of sessions.values().take(1)) sessions.delete(oldest);
}

function viewOfPause(pause: Pause): AgentView {
  const { agent, principal } = pause;
  return {
    ...{ id: idOf(agent, principal), name: agent, source: 'pause', principal: principal === anyPrincipal ? '' : principal.slice(0, 8) },
    ...{ client: null, models: [], sessions: 0, requests: 0, outcomes: {}, tokens: 0, costUsd: 0 },
    ...{ firstSeen: null, lastSeen: null, state: 'paused', pause: shown(pause) },
  };
}

function idOf(agent: string, principal: string): string {
  return agentId(agent, principal === anyPrincipal ? '' : principal);
}

function shown({ reason, by, sinceMs, evidence }: Pause): AgentView['pause'] {
  return { reason, by, since: isoTime(sinceMs), ...(evidence && { evidence }) };
}
