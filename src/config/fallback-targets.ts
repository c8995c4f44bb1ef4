import type { Target } from '../core/exchange.ts';
import { type FallbackEntry, fallbackMoves, targetOf } from '../policies/fallback/entry.ts';
import { type Config, policiesFor } from './config.ts';

/** The names that fallbacks go by in events and metrics. */
export interface FallbackNames {
  readonly models: readonly string[];
  readonly fallbacks: readonly { readonly from: string; readonly to: string }[];
}

/** Where the fallbacks of all routes and agents lead. */
export function fallbackTargets(config: Config): Target[] {
  return fallbacksOf(config).flatMap(({ home, entries }) => entries.map((entry) => targetOf(entry, home)));
}

/** The models that fallbacks name, by the upstream that they are asked for. */
export function namedModels(config: Config): ReadonlyMap<string, readonly string[]> {
  const byUpstream = Map.groupBy(fallbackTargets(config), ({ upstream }) => upstream);
  return new Map([...byUpstream].map(([upstream, targets]) => [upstream, [...new Set(targets.flatMap(({ model }) => model ?? []))]]));
}

/** Every model that a fallback names and every move that one can make, each once. */
export function fallbackNames(config: Config): FallbackNames {
  const moves = fallbacksOf(config).flatMap(({ home, entries }) => fallbackMoves(entries, home));
  return {
    models: [...new Set([...namedModels(config).values()].flat())],
    fallbacks: [...new Map(moves.map((move) => [JSON.stringify(move), move])).values()],
  };
}

/** The fallbacks of all routes and agents. */
function fallbacksOf(config: Config): { home: string; entries: readonly FallbackEntry[] }[] {
  return config.routes.flatMap(({ upstream: home, policy }) =>
    ['default', ...Object.keys(config.agents)].flatMap((agent) => {
      const { fallback: entries } = policiesFor(config, policy, agent);
      return entries ? [{ home, entries }] : [];
    }),
  );
}
