import type { Exchange } from '../../core/exchange.ts';
import type { Failure, Reply } from '../../core/outcome.ts';
import type { Verdict } from '../../core/verdict.ts';
import { mustBeTold } from '../must-be-told.ts';

/** A model or a tool has answered, if not as it was wished. */
const unwished: ReadonlySet<Verdict> = new Set(['content-filter', 'tool-error']);

/** Errors that pass by themselves: an agent that is told one may try again later. */
const passing: ReadonlySet<Verdict> = new Set(['rate-limited', 'overloaded', 'server-error', 'network', 'timeout', 'invalid-output']);

/**
 * The one of two outcomes to hand up, the other discarded; `later` is that of a target which the agent has not asked for.
 * An answer goes before an error, an error that passes before one that stays, a reply before a failure of ours. An error
 * that stays is never taken from a later target: that it does not take our key, or does not know the model, is no answer
 * to the agent. Of two that pass, the later one is kept.
 */
export async function betterOutcome(exchange: Exchange, earlier: Reply | Failure, later: Reply | Failure): Promise<Reply | Failure> {
  const [before, now] = [rank(earlier), rank(later)];
  const better = now !== staying && (now > before || (now === before && passing.has(later.verdict)));
  const [best, worse] = better || (later.kind === 'failure' && (await mustBeTold(exchange, later))) ? [later, earlier] : [earlier, later];
  if (worse.kind === 'reply') worse.discard();
  return best;
}

/** Of a reply whose error does not pass by itself. */
const staying = 1;

/** Whether a model or a tool has answered, if not as it was wished. */
export function isAnswer({ kind, verdict }: Reply | Failure): boolean {
  return kind === 'reply' && (verdict === 'ok' || unwished.has(verdict));
}

function rank({ kind, verdict }: Reply | Failure): number {
  if (kind === 'failure') return 0;
  if (verdict === 'ok') return 4;
  if (unwished.has(verdict)) return 3;
  return passing.has(verdict) ? 2 : staying;
}
