import type { Exchange } from '../core/exchange.ts';
import type { Failure, Reply } from '../core/outcome.ts';
import { untilAborted } from './until-aborted.ts';

/**
 * Why a request must not be sent again after this outcome, to the same upstream or to another; undefined if it may.
 * It may where the upstream has seen nothing of it, or where its body can be had again and the upstream says that it did
 * not process it, or repeating it does no harm.
 */
export async function resendObstacle(exchange: Exchange, outcome: Reply | Failure): Promise<'body-gone' | 'unsafe' | undefined> {
  if (outcome.kind === 'failure' && outcome.sent === 'no') return undefined;
  if (!exchange.request.body.replayable) return 'body-gone';
  if (saysNotProcessed(outcome) || (await isRepeatable(exchange))) return undefined;
  return 'unsafe';
}

/** 429, 503, 529 and what the wire formats have for them. A failure of ours says nothing for the upstream. */
function saysNotProcessed({ kind, verdict }: Reply | Failure): boolean {
  return kind === 'reply' && (verdict === 'rate-limited' || verdict === 'overloaded');
}

/** Whether the call does no harm when it is made twice: by HTTP's rules, or by what its wire format tells. */
export async function isRepeatable({ request, signal }: Exchange): Promise<boolean> {
  if (request.idempotent) return true;
  const call = request.call();
  // A description may wait for the rest of an upload, and a call may end before that.
  const described = call instanceof Promise ? await untilAborted(call, signal) : call;
  return described?.repeatable ?? false;
}
