import type { Exchange } from '../../core/exchange.ts';
import { type Outcome, onEnded } from '../../core/outcome.ts';
import type { Policy, PolicyContext } from '../../core/policy.ts';
import type { Verdict } from '../../core/verdict.ts';
import { type ModelHealth, modelHealthOf } from './model-health.ts';

/** What says nothing of a model: it was not asked, or the request was at fault, or it did what it should. */
const silent: ReadonlySet<Verdict> = new Set(['cancelled', 'refused', 'client-error', 'context-length', 'content-filter', 'tool-error']);

/**
 * Keeps the health of the models that attempts go to. Stands right before the route, so that each attempt counts by itself.
 * A stream counts when it has ended; injected faults never do.
 */
export function createModelWatch({ clock, state }: Pick<PolicyContext, 'clock' | 'state'>): Policy {
  return {
    name: 'modelHealth',
    async run(exchange, next) {
      const sinceMs = clock.now();
      const outcome = await next(exchange);
      learn(outcome, exchange, modelHealthOf({ clock, state }, exchange.target.upstream), clock.now() - sinceMs);
      return outcome;
    },
  };
}

function learn(outcome: Outcome, exchange: Exchange, health: ModelHealth, ms: number): void {
  const model = modelOf(exchange);
  if (outcome.kind === 'tunnel') {
    health.record(model, true, ms);
    return;
  }
  if (outcome.origin === 'chaos') return;
  const firstByteMs = outcome.kind === 'reply' && outcome.verdict === 'ok' ? ms : undefined;
  const count = (verdict: Verdict): void => {
    if (!silent.has(verdict)) health.record(model, verdict === 'ok', firstByteMs);
  };
  if (outcome.kind === 'reply' && !outcome.standing) onEnded(outcome, ({ verdict }) => count(verdict));
  // The call's time was spent elsewhere: the model was never asked.
  else if (outcome.kind === 'reply' || outcome.code !== 'deadline_exceeded' || outcome.sent === 'maybe') count(outcome.verdict);
}

/** The model that was asked, as far as that is known without reading more of the request. */
function modelOf({ target, dialect, request }: Exchange): string | undefined {
  if (target.model !== undefined) return target.model;
  if (dialect.readsBody && !request.body.bytes) return undefined;
  const call = request.call();
  return call instanceof Promise ? undefined : call.model;
}
