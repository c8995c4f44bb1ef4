import { createIdentify } from './agents/identify.ts';
import type { LoopSurroundings } from './agents/loop-surroundings.ts';
import type { Config } from './config/config.ts';
import { dialectFor } from './llm/dialects.ts';
import type { ActiveRoute, Plane } from './proxy/listener.ts';
import { Router } from './proxy/router.ts';
import type { Stacks } from './stacks.ts';

/** What the listener needs of a configuration and its stacks. */
export function createPlane(
  config: Config,
  stacks: Stacks,
  { principals, clients }: Pick<LoopSurroundings, 'principals' | 'clients'>,
): Plane {
  const routes = config.routes.map((route) => {
    const dialect = config.upstreams[route.upstream]?.dialect ?? 'auto';
    const active: ActiveRoute = {
      path: route.path,
      upstream: route.upstream,
      dialect: (request) => dialectFor(dialect, request),
      handler: (agent) => stacks.handler(route, agent),
    };
    return { path: route.path, route: active };
  });
  return {
    router: new Router(routes),
    callerDialect: (request) => dialectFor('auto', request),
    identify: createIdentify(new Map(Object.entries(config.agents).map(([name, { keys }]) => [name, keys])), principals, clients),
    limits: config.limits,
    responseHeaders: config.responseHeaders,
    suppressClientRetries: config.clientRetries === 'suppress',
  };
}
