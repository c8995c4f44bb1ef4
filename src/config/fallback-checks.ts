import type { DialectName } from '../core/dialect.ts';
import type { FallbackEntry } from '../policies/fallback/entry.ts';
import { type EntryFinding, fallbackFindings } from '../policies/fallback/findings.ts';
import { type PolicySet, policySet } from '../policies/index.ts';
import { upstream as upstreamSettings } from '../proxy/settings.ts';
import { mergeOver } from './agent-policies.ts';
import { entriesAt, isMapping, valueAt } from './config-tree.ts';
import type { Finding, Path } from './problem.ts';

/** A finding about an entry of a fallback; whether the configuration is to be rejected for it. */
interface FallbackFinding extends Finding {
  readonly rejects: boolean;
}

type Dialects = ReadonlyMap<string, DialectName | 'auto'>;

/** One list of entries, with the policy sets that it acts in. */
interface List {
  readonly path: Path;
  readonly sets: readonly PolicySet[];
  readonly homes: readonly string[];
}

/** Where the upstream of a fallback's entry is named, in the policy sets and for the agents. Takes any value. */
export function fallbackUpstreamPaths(root: unknown): Path[] {
  return ['policies', 'agents'].flatMap((section) =>
    entriesAt(root, section).flatMap(([name, settings]) => {
      const entries = valueAt(settings, ['fallback']);
      return Array.isArray(entries) ? [...entries.keys()].map((index): Path => [section, name, 'fallback', index, 'upstream']) : [];
    }),
  );
}

/** Entries that no call can move to, or only some can. Takes any value; what is not valid by itself is left out. */
export function fallbackChecks(root: unknown): FallbackFinding[] {
  const dialects = dialectsOf(root);
  return listsOf(root).flatMap(({ path, sets, homes }) => {
    const entries = sets[0]?.fallback ?? [];
    const refuses = sets.some(({ circuitBreaker, bulkhead }) => circuitBreaker !== undefined || bulkhead !== undefined);
    const findings = [...fallbackFindings(entries, { homes, dialects, refuses }), ...versionFindings(entries, homes, dialects, root)];
    return findings.map(({ index, key, message, rejects }) => ({ path: [...path, index, key], at: 'value', message, rejects }));
  });
}

/** Another upstream gets no field of the agent's that only some providers know, and Anthropic wants one of those. */
function versionFindings(entries: readonly FallbackEntry[], homes: readonly string[], dialects: Dialects, root: unknown): EntryFinding[] {
  return entries.flatMap((entry, index): EntryFinding[] => {
    const { upstream } = entry;
    if (upstream === undefined || homes.every((home) => home === upstream)) return [];
    const spoken = dialects.get(upstream);
    const speaks = spoken === 'anthropic' || (spoken === 'auto' && homes.some((home) => dialects.get(home) === 'anthropic'));
    const headers = valueAt(root, ['upstreams', upstream, 'headers']);
    const names = isMapping(headers) ? Object.keys(headers).map((name) => name.toLowerCase()) : [];
    if (!speaks || names.includes('anthropic-version')) return [];
    const message = `has no anthropic-version among its headers: set it in upstreams.${upstream}.headers, the agent's is not passed on`;
    return [{ index, key: 'upstream', rejects: false, message }];
  });
}

function listsOf(root: unknown): List[] {
  const written = valueAt(root, ['routes']);
  const routes = (Array.isArray(written) ? written : []).filter(isMapping);
  const homesOf = (policy?: string) =>
    routes.flatMap((route) => {
      const { upstream } = route;
      return typeof upstream === 'string' && (policy === undefined || route['policy'] === policy) ? [upstream] : [];
    });
  const sets = entriesAt(root, 'policies');
  const ofSets = sets.map(([name, set]) => ({ path: ['policies', name, 'fallback'], sets: parsed([set]), homes: homesOf(name) }));
  const ofAgents = entriesAt(root, 'agents').flatMap(([name, settings]): List[] => {
    const { keys: _, ...own } = isMapping(settings) ? settings : {};
    // Without a list of its own an agent has those of the policy sets.
    if (own['fallback'] === undefined) return [];
    const merged = [own, ...sets.map(([, set]) => mergeOver(set, own))];
    return [{ path: ['agents', name, 'fallback'], sets: parsed(merged), homes: homesOf() }];
  });
  return [...ofSets, ...ofAgents].map((list) => ({ ...list, homes: [...new Set(list.homes)] }));
}

function parsed(written: readonly unknown[]): PolicySet[] {
  return written.flatMap((set) => {
    const { success, data } = policySet.safeParse(set);
    return success ? [data] : [];
  });
}

function dialectsOf(root: unknown): Dialects {
  const { dialect } = upstreamSettings.shape;
  return new Map(
    entriesAt(root, 'upstreams').flatMap(([name, settings]) => {
      const { success, data } = dialect.safeParse(valueAt(settings, ['dialect']));
      return success ? [[name, data] as const] : [];
    }),
  );
}
