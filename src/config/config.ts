import type { z } from 'zod';
import type { PolicySet } from '../policies/index.ts';
import type { AgentPolicies } from './agent-policies.ts';
import type { configSchema } from './schema.ts';

/** The configuration in force: milliseconds, bytes, fractions of 1, absolute paths. */
export interface Config extends Omit<z.output<typeof configSchema>, 'agents' | 'state'> {
  /** Directory of what outlives the process. */
  readonly state: { readonly dir: string };
  readonly agents: Readonly<Record<string, AgentPolicies>>;
}

const none: PolicySet = {};

/** The policies of a call: the set of its route, with the settings of its agent, or else of `agents.default`, over it. */
export function policiesFor(config: Config, policy: string | undefined, agent: string): PolicySet {
  const own = Object.hasOwn(config.agents, agent) ? config.agents[agent] : config.agents['default'];
  if (policy === undefined) return own?.alone ?? none;
  return (own ? own.merged[policy] : config.policies[policy]) ?? none;
}
