import type { Exchange, Handler } from '../core/exchange.ts';
import { type Outcome, tap } from '../core/outcome.ts';
import type { Policy, PolicyContext } from '../core/policy.ts';
import { type KnownTools, knownToolsOf } from './known-tools.ts';

/**
 * Reads the lists of tools that pass, for what the tools say of themselves. Nothing else of an answer is looked at, and
 * nothing is changed.
 */
export function createToolLearning(upstream: string, { state }: Pick<PolicyContext, 'state'>): Policy {
  const tools = knownToolsOf(state, upstream);
  return {
    name: 'toolLearning',
    run(exchange, next) {
      return exchange.dialect.watchTools ? learning(tools, exchange, next) : next(exchange);
    },
    inspect: () => ({ tools: tools.size }),
  };
}

async function learning(tools: KnownTools, exchange: Exchange, next: Handler): Promise<Outcome> {
  const outcome = await next(exchange);
  if (outcome.kind !== 'reply' || outcome.verdict !== 'ok' || outcome.standing) return outcome;
  const { request, dialect } = exchange;
  const call = request.call();
  // Who answers before the whole question was there has not listed anything.
  if (call instanceof Promise || !call.listsTools) return outcome;
  const watcher = dialect.watchTools?.(outcome.headers, (listed) => tools.listed(request, listed));
  if (!watcher) return outcome;
  return tap(outcome, {
    chunk(bytes) {
      void watcher.push(bytes);
      return bytes;
    },
    end(ending) {
      void watcher.end(ending.complete);
      return ending;
    },
  });
}
