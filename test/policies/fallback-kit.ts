import type { z } from 'zod';
import type { Call } from '../../src/core/dialect.ts';
import type { Exchange } from '../../src/core/exchange.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import type { Verdict } from '../../src/core/verdict.ts';
import { createFallback, type FallbackSurroundings, fallbackSettings } from '../../src/policies/fallback.ts';
import { type Answer, context, exchange, post, script, type TestContext, wholeReply } from './kit.ts';

export type Entries = z.input<typeof fallbackSettings>;

/** Two upstreams that are asked when `main` was given up. */
export const spares: Entries = [{ upstream: 'spare' }, { upstream: 'last', model: 'small' }];

export const llmCall: Call = { kind: 'llm', model: 'large', repeatable: true, stateful: false };

/** A call for a model that does no harm when it is made twice, to the upstream `main`. */
export function ask(call: Partial<Call> = {}, overrides: Parameters<typeof exchange>[0] = {}) {
  return exchange({ request: post({ call: () => ({ ...llmCall, ...call }) }), ...overrides });
}

/** A fallback whose home and targets all play the same script, and the attempts that they made. */
export function fallback(
  entries: Entries,
  answers: (Answer | Verdict)[],
  { ctx = context(), ...surroundings }: Partial<FallbackSurroundings> & { ctx?: TestContext } = {},
) {
  const settings = fallbackSettings.parse(entries);
  const inner = script(...answers.map((answer) => (typeof answer === 'string' ? bad(answer) : answer)));
  const ways = settings.map(() => inner);
  const none = { dialectOf: () => undefined, translate: () => undefined };
  const policy = createFallback(settings, { home: 'main', ways, breaks: true, ...none, ...surroundings }, ctx);
  return {
    policy,
    run: (call: Exchange): Promise<Outcome> => policy.run(call, inner),
    calls: inner.calls,
    /** The targets that were asked, in order. */
    asked: () => inner.calls.map(({ target: { upstream, model } }) => (model === undefined ? upstream : `${upstream}/${model}`)),
  };
}

/** A reply with that verdict, its verdict also its body. */
export const bad = (verdict: Verdict) => wholeReply({ verdict, status: verdict === 'ok' ? 200 : 503 }, verdict);

/** What tells an outcome from others. */
export const told = (outcome: Outcome): string =>
  outcome.kind === 'failure' ? outcome.code : outcome.kind === 'reply' ? outcome.verdict : outcome.kind;
