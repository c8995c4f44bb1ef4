import type { Clock } from '../../core/clock.ts';
import { type Exchange, type Handler, type ProxiedRequest, withChanges } from '../../core/exchange.ts';
import { type Outcome, type Reply, type Tap, tap } from '../../core/outcome.ts';
import { withHeaders } from '../with-headers.ts';
import { toldError } from './answers.ts';
import { type BreakingAction, BrokenBody, framingOf, isEncoded } from './broken-body.ts';
import { DrippedBody } from './dripped-body.ts';
import type { FaultAction } from './settings.ts';

export type BodyAction = BreakingAction | Extract<FaultAction, { kind: 'slow-drip' }>;

/**
 * Lets the upstream answer and hits the body of a good answer. It is asked for one that is not compressed, so that its
 * events can be told apart. `hit` is called where there is something to hit.
 */
export async function onBody(action: BodyAction, exchange: Exchange, next: Handler, clock: Clock, hit: () => void): Promise<Outcome> {
  const outcome = await next(withChanges(exchange, { request: uncompressed(exchange.request) }));
  if (outcome.kind !== 'reply' || outcome.verdict !== 'ok' || outcome.empty) return outcome;
  const hooks = hooksOf(action, outcome, exchange, clock);
  if (!hooks) return outcome;
  hit();
  const broken = tap(outcome, hooks);
  // What ends early, or otherwise than it was announced, and yet is to look whole has no announced length.
  return action.kind === 'truncate' || action.kind === 'in-band-error' ? withHeaders(broken, withoutLength(broken)) : broken;
}

/** Undefined where the body has no place for the fault. */
function hooksOf(action: BodyAction, reply: Reply, { dialect }: Exchange, clock: Clock): Tap | undefined {
  switch (action.kind) {
    case 'slow-drip':
      return new DrippedBody(action.bytes, action.everyMs, clock);
    case 'in-band-error': {
      const error = framingOf(reply) && dialect.breakOff(toldError);
      return error && new BrokenBody(reply, action, clock, error);
    }
    case 'malformed':
      return isEncoded(reply.headers) ? undefined : new BrokenBody(reply, action, clock, undefined);
    case 'cut':
    case 'stall':
    case 'truncate':
      return new BrokenBody(reply, action, clock, undefined);
  }
}

function uncompressed(request: ProxiedRequest): ProxiedRequest {
  const headers = request.headers.map((field, i) =>
    i % 2 === 1 && isNamed(request.headers[i - 1], 'accept-encoding') ? 'identity' : field,
  );
  // What is a method of its class stays behind where its fields are copied.
  return { ...request, headers, call: () => request.call(), hinted: (hints) => request.hinted(hints) };
}

function withoutLength({ headers }: Reply): Reply['headers'] {
  return headers.filter((_, i) => !isNamed(headers[i - (i % 2)], 'content-length'));
}

function isNamed(field: string | undefined, name: string): boolean {
  return field?.toLowerCase() === name;
}
