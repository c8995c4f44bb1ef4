import type { Call } from '../core/dialect.ts';
import type { Exchange, Handler } from '../core/exchange.ts';
import { abortedFailure } from '../core/failure.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Policy, PolicyContext } from '../core/policy.ts';
import { matchesPattern } from '../settings/matches-pattern.ts';
import { emptyReply, statusReply, toldError, toldErrorReply } from './chaos/answers.ts';
import { chaosRun } from './chaos/chaos-run.ts';
import { delayed } from './chaos/delay.ts';
import { refusedFailure, resetFailure, timeoutFailure } from './chaos/failures.ts';
import { onBody } from './chaos/on-body.ts';
import type { ChaosSettings, Fault, FaultAction } from './chaos/settings.ts';
import { untilAborted } from './until-aborted.ts';

/**
 * Injects faults into attempts, for tests and game days: what the upstream would do wrong is done here, and told by the
 * origin `chaos` of replies and failures, so that nothing is learned from it. Ends by itself.
 */
export function createChaos(settings: ChaosSettings, upstream: string, context: PolicyContext): Policy {
  const { faults, observe } = settings;
  const { clock } = context;
  const run = chaosRun(settings, upstream, context);

  const tell = (index: number, { kind }: FaultAction, exchange: Exchange): void => {
    const { attempt } = exchange;
    run.injected(index);
    const event = { kind: 'fault-injected', attempt, upstream, fault: kind } as const;
    exchange.note(observe ? { kind: 'would', attempt, event } : event);
  };

  const drawn = (call: Call, exchange: Exchange, next: Handler): Promise<Outcome> => {
    const chosen = faults
      .map((fault, index) => ({ fault, index }))
      .filter(({ fault, index }) => mayHit(fault, exchange, call) && run.draw(index, fault));
    if (observe) {
      for (const { fault, index } of chosen) tell(index, fault.action, exchange);
      return next(exchange);
    }
    return chosen.reduceRight<Handler>((inner, { fault: { action }, index }) => {
      return async (given) => inject(action, given, inner, call, () => tell(index, action, given));
    }, next)(exchange);
  };

  const inject = (action: FaultAction, exchange: Exchange, next: Handler, call: Call, hit: () => void): Outcome | Promise<Outcome> => {
    if (!applies(action, exchange, call)) return next(exchange);
    if (action.kind === 'in-band-error' && call.stream !== true) {
      hit();
      return toldErrorReply(exchange);
    }
    if ('after' in action || action.kind === 'slow-drip') return onBody(action, exchange, next, clock, hit);
    hit();
    switch (action.kind) {
      case 'delay':
        return delayed(action.forMs, exchange, next, clock);
      case 'status':
        return statusReply(action.status, action.retryAfterMs, action.body);
      case 'reset':
        return resetFailure(exchange);
      case 'refuse':
        return refusedFailure(exchange);
      case 'timeout':
        return timeoutFailure(exchange, clock, action.phase);
      case 'empty-200':
        return emptyReply(exchange, call);
    }
  };

  /** The description may wait for the rest of an upload, and the call may end before that. */
  const whenDescribed = async (described: Promise<Call>, exchange: Exchange, next: Handler): Promise<Outcome> => {
    const call = await untilAborted(described, exchange.signal);
    return call ? drawn(call, exchange, next) : abortedFailure(exchange.signal, 'no');
  };

  return {
    name: 'chaos',
    run(exchange, next) {
      if (run.over) return next(exchange);
      const described = exchange.request.call();
      return described instanceof Promise ? whenDescribed(described, exchange, next) : drawn(described, exchange, next);
    },
    inspect: () => run.inspect(),
  };
}

/** Whether the fault is meant for this attempt. */
function mayHit({ agent, path, model }: Fault, exchange: Exchange, call: Call): boolean {
  const [bare = ''] = exchange.request.path.split('?', 1);
  return (
    (agent === undefined || matchesPattern(agent, exchange.agent.name)) &&
    (path === undefined || matchesPattern(path, bare)) &&
    (model === undefined || matchesPattern(model, exchange.target.model ?? call.model ?? ''))
  );
}

/** Whether there can be such a fault: an upgrade has no body, and an error inside of an answer needs a format for it. */
function applies({ kind }: FaultAction, { request, dialect }: Exchange, call: Call): boolean {
  if (kind === 'empty-200') return request.upgrade === undefined;
  return kind !== 'in-band-error' || (call.kind === 'llm' && dialect.breakOff(toldError) !== undefined);
}
