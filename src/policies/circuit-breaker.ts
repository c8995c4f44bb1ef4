import { z } from 'zod';
import type { Event } from '../core/event.ts';
import { type Exchange, type Handler, withChanges } from '../core/exchange.ts';
import { type Failure, type Outcome, onEnded } from '../core/outcome.ts';
import type { Policy, PolicyContext } from '../core/policy.ts';
import type { Verdict } from '../core/verdict.ts';
import { count, duration, share } from '../settings/units.ts';
import { verdictList } from '../settings/verdicts.ts';
import { type Evidence, refused } from './circuit.ts';
import { circuitsOf, type Lane } from './circuits.ts';

export const circuitBreakerSettings = z.strictObject({
  /** In a row; see `TripRule`. */
  failures: count.default(5),
  /** Of at least `minimum` calls in the sliding `window`. */
  ratio: share.prefault('50%'),
  window: duration.prefault('30s'),
  minimum: count.default(20),
  cooldown: duration.prefault('30s'),
  cooldownMax: duration.prefault('5m'),
  /** Calls let through at a time while half-open. */
  probes: count.default(3),
  /** How long after it has closed again it lets only a share of the calls pass, growing from a tenth to all; none unless set. */
  slowStart: duration.optional(),
  per: z.enum(['upstream', 'model']).default('upstream'),
  on: verdictList.default(['overloaded', 'server-error', 'network', 'timeout']),
  observe: z.boolean().default(false),
});

export type CircuitBreakerSettings = z.output<typeof circuitBreakerSettings>;

/**
 * Refuses attempts at an upstream that fails too often, until some probes of it succeed. An attempt counts when its body
 * has ended; failures, bad replies, standing streams and tunnels count when they are handed up, and so do probes.
 * `models` are those that the configuration names: with `per: model` each has a circuit of its own beside the upstream's.
 */
export function createCircuitBreaker(
  settings: CircuitBreakerSettings,
  upstream: string,
  context: PolicyContext,
  models: readonly string[],
): Policy {
  const circuits = circuitsOf(context, upstream);
  const perModel = settings.per === 'model';
  circuits.name(perModel ? models : []);
  const failing: ReadonlySet<Verdict> = new Set(settings.on);

  const tell = (exchange: Exchange, event: Exclude<Event, { kind: 'would' }> | undefined): void => {
    if (event) exchange.note(settings.observe ? { kind: 'would', attempt: exchange.attempt, event } : event);
  };

  const tellRefused = (exchange: Exchange, lane: Lane, { retryAfterMs = 0 }: Failure): void =>
    tell(exchange, { kind: 'circuit-refused', attempt: exchange.attempt, ...lane.about, retryAfterMs });

  const pass = async (lane: Lane, exchange: Exchange, next: Handler): Promise<Outcome> => {
    const { circuit } = lane;
    const before = circuit.state;
    const admission = lane.admit(settings);
    tell(exchange, lane.transition(before, exchange.attempt));
    if (admission === refused) {
      const refusal = lane.refused();
      tellRefused(exchange, lane, refusal);
      return settings.observe ? next(exchange) : refusal;
    }

    const judge = (step: 'decide' | 'count', evidence: Evidence, retryAfterMs?: number): void => {
      const from = circuit.state;
      circuit[step](admission, evidence, settings, retryAfterMs);
      tell(exchange, lane.transition(from, exchange.attempt));
    };
    let outcome: Outcome;
    try {
      outcome = await next(settings.observe ? exchange : withChanges(exchange, { admission: lane }));
    } catch (bug) {
      judge('decide', 'nothing');
      throw bug;
    }
    const evidence = evidenceOf(outcome, failing);
    const retryAfterMs = outcome.kind === 'tunnel' ? undefined : outcome.retryAfterMs;
    judge('decide', evidence, retryAfterMs);
    if (evidence === 'failure' || outcome.kind !== 'reply' || outcome.standing) judge('count', evidence, retryAfterMs);
    else onEnded(outcome, ({ verdict }) => judge('count', evidenceIn(verdict, failing)));
    // Taken back while it waited for a place.
    if (outcome.kind === 'failure' && outcome.code === 'circuit_open') tellRefused(exchange, lane, outcome);
    return outcome;
  };

  return {
    name: 'circuitBreaker',
    run(exchange, next) {
      if (!perModel || exchange.target.model !== undefined) return pass(circuits.lane(exchange.target.model), exchange, next);
      const call = exchange.request.call();
      if (!(call instanceof Promise)) return pass(circuits.lane(call.model), exchange, next);
      return call.then(({ model }) => pass(circuits.lane(model), exchange, next));
    },
    inspect: () => circuits.inspect(),
  };
}

function evidenceOf(outcome: Outcome, failing: ReadonlySet<Verdict>): Evidence {
  switch (outcome.kind) {
    case 'reply':
      return evidenceIn(outcome.verdict, failing);
    case 'tunnel':
      return 'success';
    case 'failure':
      // The call's time was spent elsewhere: the upstream was never asked.
      return outcome.code === 'deadline_exceeded' && outcome.sent === 'no' ? 'nothing' : evidenceIn(outcome.verdict, failing);
  }
}

function evidenceIn(verdict: Verdict, failing: ReadonlySet<Verdict>): Evidence {
  if (verdict === 'ok') return 'success';
  if (verdict === 'cancelled' || verdict === 'refused') return 'nothing';
  return failing.has(verdict) ? 'failure' : 'alive';
}
