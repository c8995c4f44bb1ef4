import type { CallOutcome } from '../core/event.ts';
import type { Server } from './conventions/recorder.ts';
import type { Histogram } from './histogram.ts';
import type { Instruments } from './instruments.ts';
import { otherLabel } from './label-interner.ts';
import { labelValues } from './label-values.ts';
import { recordOf } from './record-of.ts';
import type { Series } from './series.ts';
import { UpstreamMetrics } from './upstream-metrics.ts';

/** The names of the configuration in force that stand in labels. */
export interface ConfiguredNames {
  readonly upstreams: readonly string[];
  readonly routes: readonly { readonly path: string; readonly upstream: string }[];
  /** Agents and models that the configuration names; they never count as `other`. */
  readonly agents?: readonly string[];
  readonly models?: readonly string[];
  /** Where each upstream is and who it is. */
  readonly servers?: ReadonlyMap<string, Server>;
  /** Moves that fallbacks can make, as their events call them. */
  readonly fallbacks?: readonly { readonly from: string; readonly to: string }[];
}

/** Whom a call belongs to that does not say. */
const defaultAgent = 'default';

/** Stands where a call has no such thing: no route matched, nothing is configured. */
export const noneLabel = 'none';

export interface RouteMetrics {
  readonly outcomes: Readonly<Record<CallOutcome, Series>>;
  readonly seconds: Histogram;
  readonly requestBytes: Histogram;
  readonly responseBytes: Histogram;
}

export interface AgentMetrics {
  readonly outcomes: Readonly<Record<CallOutcome, Series>>;
  readonly paused: Series;
  /** With what was read from and written to caches, and with reasoning. */
  readonly tokens: Readonly<Record<'input' | 'output', Series>>;
  readonly costUsd: Series;
}

/** The upstreams, routes and agents that calls name, each with its series, found by one look-up. */
export class Subjects {
  readonly #instruments: Instruments;
  readonly #upstreams = new Map<string, UpstreamMetrics>();
  readonly #routes = new Map<string, RouteMetrics>();
  /** By label: a map of all names that callers choose would have no bound. */
  readonly #agents = new Map<string, AgentMetrics>();
  #current: ReadonlySet<string> = new Set();

  constructor(instruments: Instruments) {
    this.#instruments = instruments;
  }

  /** Takes the names of a configuration: puts all they stand in at 0, and drops the gauges of upstreams that are gone. */
  configure(names: ConfiguredNames): void {
    const { agents, models, targets, gauges, counters } = this.#instruments;
    this.#current = new Set(names.upstreams.length > 0 ? names.upstreams : [noneLabel]);
    for (const name of this.#current) this.#upstreamAt(name);
    const { circuitState, circuitFailureRatio, upstreamConnections, bulkheadInUse, bulkheadLimit, bulkheadQueue, retryBudgetUsed } = gauges;
    const live = [circuitState, circuitFailureRatio, upstreamConnections, bulkheadInUse, bulkheadLimit, bulkheadQueue, retryBudgetUsed];
    for (const family of [...live, gauges.rateLimit, gauges.rateLimitRemaining]) {
      family.retain(({ upstream }) => this.#current.has(upstream ?? ''));
    }
    for (const { path, upstream } of names.routes) this.#routes.set(path, this.#createRoute(upstream, path));
    if (this.#routes.size === 0) this.#routeAt(noneLabel);

    agents.reserve([defaultAgent, ...(names.agents ?? [])]);
    models.reserve(names.models ?? []);
    for (const agent of [defaultAgent, ...(names.agents ?? [])]) this.agent(agent);
    const moves = names.fallbacks ?? [];
    for (const { from, to } of moves.length > 0 ? moves : [{ from: noneLabel, to: noneLabel }]) {
      targets.reserve([from, to]);
      for (const reason of labelValues.moved) counters.fallbacks.at(from, to, reason);
    }
  }

  /** Whether the configuration in force names the upstream. */
  isCurrent(upstream: string): boolean {
    return this.#current.has(upstream);
  }

  upstream(name: string): UpstreamMetrics {
    return this.#upstreams.get(name) ?? this.#upstreamAt(strangerLabel(name));
  }

  /** By a route's path; `none` for a call that no route matched. */
  route(path: string): RouteMetrics {
    return this.#routes.get(path) ?? this.#routeAt(strangerLabel(path));
  }

  agent(name: string): AgentMetrics {
    const known = this.#agents.get(name);
    if (known) return known;
    const { agents, counters, gauges } = this.#instruments;
    const label = agents.value(name);
    const sharing = this.#agents.get(label);
    if (sharing) return sharing;
    const metrics = {
      outcomes: recordOf(labelValues.outcome, (outcome) => counters.agentRequests.at(label, outcome)),
      paused: gauges.agentPaused.at(label),
      tokens: recordOf(labelValues.direction, (kind) => counters.agentTokens.at(label, kind)),
      costUsd: counters.agentCostUsd.at(label),
    };
    this.#agents.set(label, metrics);
    return metrics;
  }

  #upstreamAt(label: string): UpstreamMetrics {
    const known = this.#upstreams.get(label);
    if (known) return known;
    const metrics = new UpstreamMetrics(this.#instruments, label);
    this.#upstreams.set(label, metrics);
    return metrics;
  }

  #routeAt(label: string): RouteMetrics {
    const known = this.#routes.get(label);
    if (known) return known;
    const metrics = this.#createRoute(label, label);
    this.#routes.set(label, metrics);
    return metrics;
  }

  #createRoute(upstream: string, route: string): RouteMetrics {
    const { counters, histograms } = this.#instruments;
    return {
      outcomes: recordOf(labelValues.outcome, (outcome) => counters.requests.at(upstream, route, outcome)),
      seconds: histograms.requestSeconds.at(upstream, route),
      requestBytes: histograms.requestBodyBytes.at(route),
      responseBytes: histograms.responseBodyBytes.at(route),
    };
  }
}

/** Of a name that the configuration does not have. */
function strangerLabel(name: string): string {
  return name === '' || name === noneLabel ? noneLabel : otherLabel;
}
