import type { Clock } from '../core/clock.ts';
import type { AttemptLimits, Exchange, Handler } from '../core/exchange.ts';
import { type Outcome, onEnded, type Reply, type TimeoutPhase, tap } from '../core/outcome.ts';
import { FollowedBody } from './followed-body.ts';

type Tell = (phase: TimeoutPhase, afterMs: number) => void;

/**
 * Runs an attempt without limits and notes the first one that would have ended it, as `would`. How long it took to connect
 * cannot be seen from here.
 */
export async function observeLimits(limits: AttemptLimits, exchange: Exchange, next: Handler, clock: Clock): Promise<Outcome> {
  const { firstByteMs, firstBytePhase, totalMs } = limits;
  const { attempt, target } = exchange;
  let told = false;
  const tell: Tell = (phase, afterMs) => {
    if (told) return;
    told = true;
    exchange.note({ kind: 'would', attempt, event: { kind: 'timeout', attempt, upstream: target.upstream, phase, afterMs } });
  };

  const total = totalMs === undefined ? undefined : clock.timer(totalMs, () => tell('total', totalMs));
  const firstByte = firstByteMs === undefined ? undefined : clock.timer(firstByteMs, () => tell(firstBytePhase, firstByteMs));
  const outcome = await next(exchange);
  firstByte?.cancel();
  if (outcome.kind !== 'reply') {
    total?.cancel();
    return outcome;
  }
  onEnded(outcome, () => total?.cancel());
  return outcome.standing ? outcome : observeBody(outcome, limits, exchange, clock, tell);
}

function observeBody(reply: Reply, limits: AttemptLimits, { dialect, request }: Exchange, clock: Clock, tell: Tell): Reply {
  const watcher = dialect.watch(request, reply.status, reply.headers);
  const body = new FollowedBody(watcher, reply.verdict, limits, clock, {
    silent: tell,
    async ended(ending) {
      await body.seen;
      await watcher.end(ending.complete);
      return ending;
    },
  });
  body.commit();
  return tap(reply, body);
}
