import { type Config, policiesFor } from './config.ts';
import { fallbackTargets } from './fallback-targets.ts';
import type { Finding } from './problem.ts';

/** Rules for single tools that nothing asks for: of upstreams without tools, or behind routes that never send a call again. */
export function inertTools(config: Config): Finding[] {
  return Object.entries(config.upstreams).flatMap(([name, { dialect, tools }]): Finding[] => {
    if (Object.keys(tools).length === 0) return [];
    const path = ['upstreams', name, 'tools'];
    const about = (message: string): Finding[] => [{ path, at: 'key', message }];
    if (dialect !== 'mcp' && dialect !== 'auto')
      return about(`does nothing: calls name tools where the dialect is mcp, and here it is ${dialect}`);
    const used = config.routes.filter(({ upstream }) => upstream === name);
    if (used.some(({ policy }) => sendsAgain(config, policy))) return [];
    if (used.length > 0) return about('does nothing: no policy set of a route to this upstream has retry or fallback');
    // What nothing leads to at all is told elsewhere.
    if (!fallbackTargets(config).some(({ upstream }) => upstream === name)) return [];
    return about("does nothing: a call goes by the rules of its route's own upstream, and no route has this one");
  });
}

function sendsAgain(config: Config, policy: string | undefined): boolean {
  return ['default', ...Object.keys(config.agents)].some((agent) => {
    const { retry, fallback } = policiesFor(config, policy, agent);
    return retry !== undefined || fallback !== undefined;
  });
}
