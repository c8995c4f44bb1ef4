import type { z } from 'zod';
import type { Call } from '../../src/core/dialect.ts';
import type { Handler } from '../../src/core/exchange.ts';
import type { Reply } from '../../src/core/outcome.ts';
import { stack } from '../../src/core/policy.ts';
import { cacheSettings, createCache } from '../../src/policies/cache.ts';
import { createGuarded } from '../../src/policies/guarded.ts';
import { body, context, exchange, post, type TestContext, type TestExchange, textOf } from './kit.ts';

export type CacheOverrides = z.input<typeof cacheSettings>;

/** A cache of the policy set `llm`, its response headers switched on. */
export function cache(
  overrides: CacheOverrides = {},
  given: TestContext = context(),
  place = { set: 'llm', server: 'https://llm.example', responseHeaders: true },
) {
  return createCache(cacheSettings.parse(overrides), place, given);
}

/** A cache that is asked first and keeps answers fresh for a minute, behind the guard that discards what is forgotten. */
export function readThrough(overrides: CacheOverrides = {}, given: TestContext = context()) {
  const policy = cache({ mode: 'read-through', fresh: '60s', ...overrides }, given);
  return {
    policy,
    clock: given.clock,
    run: (call: TestExchange, next: Handler) => stack([createGuarded(), policy], next)(call),
  };
}

/** A call to a model that may be made twice, by the caller `alice`, unless said otherwise. */
export function llm(facts: Partial<Call> = {}, text = '{"model":"m"}', headers: readonly string[] = ['authorization', 'Bearer alice']) {
  return exchange({
    request: post({
      path: '/v1/chat/completions',
      headers: ['content-type', 'application/json', ...headers],
      body: body(text),
      call: () => ({ kind: 'llm', repeatable: true, stateful: false, ...facts }),
    }),
  });
}

/** A call to a model that leaves nothing to chance. */
export const fixed = (facts: Partial<Call> = {}) => llm({ deterministic: true, ...facts });

/** A reply in short: where it comes from, its text, and how the cache marked it. */
export async function seen(outcome: { kind: string }) {
  if (outcome.kind !== 'reply') return outcome;
  const reply = outcome as Reply;
  return { origin: reply.origin, status: reply.status, text: await textOf(reply), cacheStatus: field(reply, 'cache-status') };
}

export function field({ headers }: Reply, name: string): string | undefined {
  const at = headers.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === name);
  return at < 0 ? undefined : headers[at + 1];
}

/** What the cache told, in order. */
export function results(call: TestExchange): string[] {
  return call.noted('cache').map(({ result }) => result);
}
