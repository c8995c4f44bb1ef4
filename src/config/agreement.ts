import { isDeepStrictEqual } from 'node:util';
import { targetOf } from '../policies/fallback/entry.ts';
import { type PolicySet, policySet } from '../policies/index.ts';
import { retrySettings } from '../policies/retry.ts';
import { mergeOver } from './agent-policies.ts';
import { entriesAt, isMapping, type LineOf, valueAt } from './config-tree.ts';
import { type Finding, formatPath, type Path, pathKey } from './problem.ts';

/** One way in which calls reach an upstream: through a policy set, or through it with the settings of an agent. */
interface Use {
  readonly upstream: string;
  /** Where its settings stand, what wins first. */
  readonly places: readonly Path[];
  readonly settings: unknown;
}

/** Settings whose state all calls to an upstream share. */
const shared: readonly Path[] = [['circuitBreaker'], ['bulkhead'], ['retry', 'budget']];

/**
 * Breaker, bulkhead and retry budget exist once for an upstream: what policy sets say about them for the same upstream must be
 * the same. Each conflict is a finding at both places. Takes any value; what is not valid by itself is left out.
 */
export function agreementFindings(root: unknown, lineOf: LineOf): Finding[] {
  const findings = new Map<string, Finding>();
  for (const uses of Map.groupBy(usesOf(root), ({ upstream }) => upstream).values()) {
    for (const path of shared) {
      const [first, ...others] = uses.filter(({ settings }) => valueAt(settings, path) !== undefined);
      if (!first) continue;
      for (const other of others) {
        const key = firstDifference(valueAt(first.settings, path), valueAt(other.settings, path));
        if (key === undefined) continue;
        const places = [placeOf(first, path, root), placeOf(other, path, root)] as const;
        if (pathKey(places[0]) === pathKey(places[1])) continue;
        const tell = (from: Path, to: Path) => {
          const line = lineOf(to);
          const where = `${formatPath(to)}${line === undefined ? '' : ` (line ${line})`}`;
          const message = `differs from ${where} in ${key}; both act on the upstream ${first.upstream}, which has one for all`;
          if (!findings.has(pathKey(from))) findings.set(pathKey(from), { path: from, at: 'key', message });
        };
        tell(places[0], places[1]);
        tell(places[1], places[0]);
      }
    }
  }
  return [...findings.values()];
}

function usesOf(root: unknown): Use[] {
  const routes = valueAt(root, ['routes']);
  const sets = new Map(entriesAt(root, 'policies'));
  const agents = entriesAt(root, 'agents');
  return (Array.isArray(routes) ? routes : []).flatMap((route: unknown): Use[] => {
    if (!isMapping(route) || typeof route['upstream'] !== 'string') return [];
    const { upstream, policy } = route;
    const name = typeof policy === 'string' && sets.has(policy) ? policy : undefined;
    const set = name === undefined ? {} : sets.get(name);
    const own = name === undefined ? [] : [['policies', name]];
    const ways = [
      // Whoever is not named has the settings of agents.default, if there are any.
      ...(agents.some(([agent]) => agent === 'default') ? [] : [{ places: own, written: set }]),
      ...agents.map(([agent, settings]) => ({ places: [['agents', agent], ...own], written: mergeOver(set, withoutKeys(settings)) })),
    ];
    return ways.flatMap(({ places, written }) => {
      const parsed = policySet.safeParse(written);
      return parsed.success ? [{ upstream, places, settings: parsed.data }, ...fallbackUses(parsed.data, upstream, places)] : [];
    });
  });
}

/** Calls that move to another target go there through the same settings. An entry's own retries spend the set's budget. */
function fallbackUses(set: PolicySet, home: string, places: readonly Path[]): Use[] {
  return (set.fallback ?? []).map((entry) => {
    const retry = set.retry ?? (entry.retry && { budget: retrySettings.parse({}).budget });
    return { upstream: targetOf(entry, home).upstream, places, settings: { ...set, retry } };
  });
}

function withoutKeys(settings: unknown): unknown {
  if (!isMapping(settings)) return {};
  const { keys: _, ...own } = settings;
  return own;
}

/** Where the setting stands, or the policy around it if it has its default. */
function placeOf({ places }: Use, path: Path, root: unknown): Path {
  for (let length = path.length; length > 0; length--) {
    const place = places.find((one) => valueAt(root, [...one, ...path.slice(0, length)]) !== undefined);
    if (place) return [...place, ...path.slice(0, length)];
  }
  return places[0] ?? [];
}

function firstDifference(one: unknown, other: unknown): string | undefined {
  if (!isMapping(one) || !isMapping(other)) return undefined;
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].find((key) => !isDeepStrictEqual(one[key], other[key]));
}
