import { type Config, policiesFor } from './config/config.ts';
import type { Agent, Handler } from './core/exchange.ts';
import type { Policy, PolicyContext } from './core/policy.ts';
import { agentStack, createRoute, upstreamStack } from './policies/index.ts';
import type { Route } from './proxy/settings.ts';

/** One stack, for showing what its policies know. */
export interface StackView {
  stack: 'agent' | 'upstream';
  route: string;
  agent: string;
  upstream: string;
  policies: readonly Policy[];
}

/** The stacks of a configuration. Built at once, so that a mistake shows at the start and not in a call. */
export interface Stacks {
  handler(route: Route, agent: Agent): Handler;
  readonly views: readonly StackView[];
}

const anyAgent = 'default';

/** Builds the two stacks of every route, for the agents that the configuration names and for all others. */
export function buildStacks(config: Config, sends: ReadonlyMap<string, Handler>, context: PolicyContext): Stacks {
  const views: StackView[] = [];
  const handlers = new Map<string, Map<string, Handler>>();
  for (const route of config.routes) {
    const byAgent = new Map<string, Handler>();
    handlers.set(route.path, byAgent);
    for (const agent of new Set([anyAgent, ...Object.keys(config.agents)])) byAgent.set(agent, build(route, agent));
  }

  function build(route: Route, agent: string): Handler {
    const set = policiesFor(config, route.policy, agent);
    const send = sends.get(route.upstream);
    if (!send) throw new Error(`no upstream ${route.upstream}`);
    const inner = upstreamStack(set, route.upstream, [], context, send);
    const outer = agentStack(set, context, createRoute(new Map([[route.upstream, inner.run]]), context.clock));
    const where = { route: route.path, agent, upstream: route.upstream };
    views.push({ stack: 'agent', ...where, policies: outer.policies }, { stack: 'upstream', ...where, policies: inner.policies });
    return outer.run;
  }

  return {
    views,
    handler(route, agent) {
      const byAgent = handlers.get(route.path);
      const found = byAgent?.get(agent.name) ?? byAgent?.get(anyAgent);
      if (!found) throw new Error(`no stack for ${route.path}`);
      return found;
    },
  };
}
