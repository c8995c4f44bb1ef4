import type { LoopSurroundings } from './agents/loop-surroundings.ts';
import type { CallsUnderWay } from './calls-under-way.ts';
import { policiesFor } from './config/config.ts';
import type { LoadedConfig } from './config/load.ts';
import type { Journal } from './core/journal.ts';
import type { PolicyContext } from './core/policy.ts';
import { StateRegistry } from './core/state.ts';
import { type Link, type Links, linkUpstreams, without } from './links.ts';
import { createPlane } from './plane.ts';
import { circuitsOf } from './policies/circuits.ts';
import type { Plane } from './proxy/listener.ts';
import type { OwnConnections } from './proxy/own-connections.ts';
import type { UpstreamConnections } from './proxy/upstream.ts';
import { buildStacks, noSet, type Stacks } from './stacks.ts';

/** All that belongs to one configuration. */
export interface Generation {
  readonly loaded: LoadedConfig;
  readonly links: Links;
  readonly stacks: Stacks;
  readonly plane: Plane;
  /** When it was put in force, in milliseconds since the Unix epoch. */
  readonly sinceMs: number;
}

export interface GenerationsOptions {
  readonly context: PolicyContext;
  readonly loops: LoopSurroundings;
  /** The home of the context's state. */
  readonly registry: StateRegistry;
  readonly own: OwnConnections;
  readonly calls: CallsUnderWay;
  readonly journal: Journal;
}

/** State that is kept by upstream and that calls under way still count in, after their upstream has left the configuration. */
const countedByCalls = ['bulkhead', 'retry', 'retry (observed)', 'retry learning', 'fallback', 'chaos'] as const;

/** State that is kept by upstream and that says something of the server behind it alone. */
const learnedOfServers = ['circuitBreaker', 'retry learning', 'tools'] as const;

/**
 * The configuration in force and those before it that calls still run on. A call stays with the one it began under; that
 * one's stacks and connections are closed when its last call has ended, unless the next one has taken them over.
 */
export class Generations {
  readonly #options: GenerationsOptions;
  readonly #past = new Set<Generation>();
  /** Connections of the past that are not closed yet. */
  readonly #closing = new Set<UpstreamConnections>();
  #current: Generation;

  /** Throws a `ConfigError` where an upstream cannot be linked. */
  constructor(first: LoadedConfig, options: GenerationsOptions) {
    this.#options = options;
    this.#current = this.#build(first, linkUpstreams(first, new Map(), options.context.clock, options.own));
  }

  get current(): Generation {
    return this.#current;
  }

  /** Puts another configuration in force, for all calls from now on. Throws where it cannot be, and changes nothing then. */
  replace(loaded: LoadedConfig): void {
    const { context, own } = this.#options;
    const before = this.#current;
    const links = linkUpstreams(loaded, before.links, context.clock, own);
    try {
      // Stacks set limits of the shared state while they are built: whether they can be is tried on state of its own.
      const trial = buildStacks(loaded.config, sendsOf(links), this.#options.loops, { ...context, state: new StateRegistry().state });
      void closePolicies(trial, this.#options.journal);
    } catch (error) {
      for (const connections of connectionsOf(without(links, before.links))) void connections.destroy();
      throw error;
    }
    this.#forgetServers(loaded);
    this.#current = this.#build(loaded, links);
    void this.#retire(before);
  }

  /** Lets requests under way end, then closes every connection. */
  async close(): Promise<void> {
    await this.#closeAll((connections) => connections.close());
  }

  /** Closes every connection at once. */
  async destroy(): Promise<void> {
    await this.#closeAll((connections) => connections.destroy());
  }

  #build(loaded: LoadedConfig, links: Links): Generation {
    const stacks = buildStacks(loaded.config, sendsOf(links), this.#options.loops, this.#options.context);
    const plane = createPlane(loaded.config, stacks, this.#options.loops);
    return { loaded, links, stacks, plane, sinceMs: this.#options.context.clock.wall() };
  }

  /** What circuits and retries have learned is about the server at the upstream's URL. Calls under way keep theirs to themselves. */
  #forgetServers({ config: { upstreams } }: LoadedConfig): void {
    const { context, registry, journal } = this.#options;
    const kept = new Set<string>();
    for (const [upstream, { url }] of Object.entries(this.#current.loaded.config.upstreams)) {
      if (upstreams[upstream]?.url === url) {
        kept.add(upstream);
        continue;
      }
      const from = circuitsOf(context, upstream).worst;
      const why = upstreams[upstream] ? 'its url has changed' : 'it is gone from the configuration';
      if (from !== 'closed') journal.publish({ kind: 'circuit', attempt: 0, upstream, from, to: 'closed', why });
    }
    for (const policy of learnedOfServers) registry.retain(policy, kept);
  }

  async #retire(before: Generation): Promise<void> {
    const { calls, registry } = this.#options;
    const left = connectionsOf(without(before.links, this.#current.links));
    for (const connections of left) this.#closing.add(connections);
    this.#past.add(before);
    await calls.ended();
    this.#past.delete(before);
    const kept = [this.#current, ...this.#past];
    const named = kept.flatMap(({ links }) => [...links.keys()]);
    for (const policy of countedByCalls) registry.retain(policy, new Set(named));
    registry.retain('cache', new Set(kept.flatMap(({ loaded }) => setsWithCache(loaded))));
    await Promise.all([closePolicies(before.stacks, this.#options.journal), ...left.map((connections) => connections.close())]);
    for (const connections of left) this.#closing.delete(connections);
  }

  async #closeAll(close: (connections: UpstreamConnections) => Promise<void>): Promise<void> {
    await Promise.all([...this.#closing, ...connectionsOf([...this.#current.links.values()])].map(close));
    await closePolicies(this.#current.stacks, this.#options.journal);
  }
}

function sendsOf(links: Links) {
  return new Map([...links].map(([name, { send }]) => [name, send]));
}

/** The names of the policy sets that keep answers, for whatever agent. */
export function setsWithCache({ config }: LoadedConfig): string[] {
  const agents = ['default', ...Object.keys(config.agents)];
  const caching = config.routes.filter(({ policy }) => agents.some((agent) => policiesFor(config, policy, agent).cache));
  return caching.map(({ policy }) => policy ?? noSet);
}

function connectionsOf(links: readonly Link[]): UpstreamConnections[] {
  return links.map(({ connections }) => connections).filter((connections) => connections !== undefined);
}

async function closePolicies({ views }: Stacks, journal: Journal): Promise<void> {
  for (const { policies } of views) {
    for (const policy of policies) {
      try {
        await policy.close?.();
      } catch (error) {
        journal.publish({ kind: 'bug', attempt: 0, error });
      }
    }
  }
}
