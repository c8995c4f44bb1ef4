import { createClientNaming } from './agents/client-names.ts';
import { createLoopDetection } from './agents/loop-detection.ts';
import type { LoopSurroundings } from './agents/loop-surroundings.ts';
import { createPauseGuard } from './agents/pause-guard.ts';
import { type Config, policiesFor } from './config/config.ts';
import { namedModels } from './config/fallback-targets.ts';
import type { Dialect, RequestFacts } from './core/dialect.ts';
import type { Agent, Handler } from './core/exchange.ts';
import type { Policy, PolicyContext } from './core/policy.ts';
import { dialectElsewhere } from './llm/dialects.ts';
import { translate } from './llm/translate/translate.ts';
import { agentStack, createRoute, type PolicySet, type Stack, upstreamStack } from './policies/index.ts';
import type { Route } from './proxy/settings.ts';
import type { LoopDetectionSettings } from './settings/loop-detection.ts';
import type { ToolRules } from './settings/tool-rules.ts';

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

/** Stands for the name of a policy set where a route has none and an agent has settings of its own; no set can be called so. */
export const noSet = '';

/** Builds the stacks of every route and of its fallbacks, for the agents that the configuration names and for all others. */
export function buildStacks(config: Config, sends: ReadonlyMap<string, Handler>, loops: LoopSurroundings, context: PolicyContext): Stacks {
  const views: StackView[] = [];
  const models = namedModels(config);
  const handlers = new Map<string, Map<string, Handler>>();
  for (const route of config.routes) {
    const byAgent = new Map<string, Handler>();
    handlers.set(route.path, byAgent);
    for (const agent of new Set([anyAgent, ...Object.keys(config.agents)])) byAgent.set(agent, build(route, agent));
  }

  function build(route: Route, agent: string): Handler {
    const set = policiesFor(config, route.policy, agent);
    const home = route.upstream;
    const upstreamViews: StackView[] = [];
    const shared = new Map<string, Stack>();

    const stackOf = (upstream: string, timeout: PolicySet['timeout']): Stack => {
      const send = sends.get(upstream);
      if (!send) throw new Error(`no upstream ${upstream}`);
      const built = upstreamStack(
        { ...set, timeout },
        { upstream, models: models.get(upstream) ?? [], hasTools: toolsOf(config, upstream) !== undefined },
        context,
        send,
      );
      upstreamViews.push({ stack: 'upstream', route: route.path, agent, upstream, policies: built.policies });
      return built;
    };
    const attempts = (upstream: string, timeout: PolicySet['timeout']): Handler => {
      if (timeout !== set.timeout) return stackOf(upstream, timeout).run;
      const known = shared.get(upstream) ?? stackOf(upstream, timeout);
      shared.set(upstream, known);
      return known.run;
    };
    const dialectNamed = (upstream: string) => config.upstreams[upstream]?.dialect ?? 'auto';
    const dialectOf = (upstream: string, request: RequestFacts): Dialect | undefined => {
      const name = dialectNamed(upstream);
      // What servers of one kind serve beside their own format, each of them does.
      return name === dialectNamed(home) ? undefined : dialectElsewhere(name, request);
    };

    const last = createRoute(new Map([[home, attempts(home, set.timeout)]]), context.clock);
    const { responseHeaders } = config;
    const tools = toolsOf(config, home);
    const place = {
      set: route.policy ?? noSet,
      server: serverOf(config, home),
      home,
      dialectOf,
      translate,
      tools,
      responseHeaders,
      clientNames: tools && createClientNaming(loops.clients),
      pause: createPauseGuard(loops.agents),
      loopDetection: (settings: LoopDetectionSettings) => createLoopDetection(settings, loops, context),
      attempts,
    };
    const outer = agentStack(set, place, context, last);
    views.push({ stack: 'agent', route: route.path, agent, upstream: home, policies: outer.policies }, ...upstreamViews);
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

/** What the configuration says of an upstream's tools; undefined where its wire format tells of none. */
function toolsOf({ upstreams }: Config, upstream: string): ToolRules | undefined {
  const { dialect, tools } = upstreams[upstream] ?? {};
  return dialect === 'mcp' || dialect === 'auto' ? tools : undefined;
}

/** What answers at an upstream: where it is, and what it is told of whom it serves. */
function serverOf({ upstreams }: Config, upstream: string): string {
  const { url, headers } = upstreams[upstream] ?? {};
  return JSON.stringify([url, headers]);
}
