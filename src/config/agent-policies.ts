import { type PolicySet, policySet } from '../policies/index.ts';
import { entriesAt, isMapping } from './config-tree.ts';
import type { Finding } from './problem.ts';

/** What holds for one agent. */
export interface AgentPolicies {
  /** Credentials that the agent is known by. */
  readonly keys: readonly string[];
  /** On a route without a policy set. */
  readonly alone: PolicySet;
  /** Its own settings merged over each policy set, by the set's name. */
  readonly merged: Readonly<Record<string, PolicySet>>;
}

/** Merges the settings of the agents, as they stand in a configuration that is valid so far, over its policy sets. */
export function readAgents(root: unknown): { agents: Record<string, AgentPolicies>; findings: Finding[] } {
  const findings: Finding[] = [];
  const agents: Record<string, AgentPolicies> = {};
  const sets = entriesAt(root, 'policies');
  for (const [agent, written] of entriesAt(root, 'agents')) {
    const { keys, ...own } = isMapping(written) ? written : {};
    const read = (value: unknown, over: string): PolicySet => {
      const parsed = policySet.safeParse(value);
      if (parsed.success) return parsed.data;
      for (const { path, message } of parsed.error.issues) {
        findings.push({ path: ['agents', agent, ...path.map(String)], at: 'value', message: `${message} (over ${over})` });
      }
      return {};
    };
    const merged = sets.map(([name, set]) => [name, read(mergeOver(set, own), `the policy set ${name}`)] as const);
    agents[agent] = {
      keys: Array.isArray(keys) ? keys.map(String) : [],
      alone: read(own, 'nothing'),
      merged: Object.fromEntries(merged),
    };
  }
  return { agents, findings };
}

/** Keys of `over` win; mappings are merged, lists and plain values replaced. */
export function mergeOver(base: unknown, over: unknown): unknown {
  if (!isMapping(base) || !isMapping(over)) return over;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) merged[key] = Object.hasOwn(base, key) ? mergeOver(base[key], value) : value;
  return merged;
}
