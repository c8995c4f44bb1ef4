import type { Clock, Timer } from '../core/clock.ts';
import type { Exchange } from '../core/exchange.ts';
import { abortedFailure, failure } from '../core/failure.ts';
import { type Ending, type Failure, type Outcome, type Reply, unread } from '../core/outcome.ts';
import type { Policy, PolicyContext } from '../core/policy.ts';
import type { Signal } from '../core/signal.ts';
import type { Origin, Verdict } from '../core/verdict.ts';
import { HeldBody } from './held-body.ts';
import { Watched } from './watched.ts';

/** Bytes that are held at most until a reply is judged, and that are read of one that was judged bad. */
const heldBytes = 64 * 1024;

/** How long the rest of a bad reply may take, in milliseconds, before it is handed up as it is. */
const restMs = 1000;

export interface GateSettings {
  /** Whether a policy around it needs the verdict before it hands the reply on; else replies are only watched. */
  holds: boolean;
}

/**
 * Gives every reply its verdict. Where it holds, head and body wait until the dialect's watcher can judge, so that a reply
 * which turns out bad can still be retried or replaced. A cut or a silence before that is a failure, not a reply.
 */
export function createGate({ holds }: GateSettings, { clock }: Pick<PolicyContext, 'clock'>): Policy {
  return {
    name: 'gate',
    async run(exchange, next) {
      const outcome = await next(exchange);
      // A standing stream may be silent for ever: its head is all that can be judged.
      if (outcome.kind !== 'reply' || outcome.standing) return outcome;
      const { dialect, request } = exchange;
      // Tokens are told by model, also where the policies have not asked what is called. A call without any just passes through.
      if (holds && dialect.readsBody && request.body.bytes) void request.call();
      const watched = new Watched(outcome, exchange, clock);
      return holds ? hold(watched, exchange, clock) : commit(watched, watched.reply);
    },
  };
}

/** Most answers are there as a whole when their head is: nothing is awaited that is at hand. */
function hold(watched: Watched, exchange: Exchange, clock: Clock): Outcome | Promise<Outcome> {
  const held = new HeldBody(watched.reply.body);
  const judged = watched.reply.verdict === 'ok' && !exchange.signal.aborted ? judgeAtHand(watched, held) : undefined;
  if (judged === 'ok') return commit(watched, handedUp(watched, held, judged));
  if (judged === 'end') {
    let ending: Ending | undefined;
    watched.reply.whenEnded((known) => {
      ending = known;
    });
    if (ending) return conclude(ending, watched, held, exchange);
  }
  return holdOn(watched, held, exchange, clock);
}

/** The judgement by what has come already; undefined where that is not enough. */
function judgeAtHand(watched: Watched, held: HeldBody): Verdict | 'end' | undefined {
  for (;;) {
    const judged = watched.judged();
    if (typeof judged !== 'string') return undefined;
    if (judged !== 'more') return judged;
    if (held.bytes >= heldBytes) return 'ok';
    const came = held.poll();
    if (came !== 'chunk') return came === 'end' ? came : undefined;
  }
}

async function holdOn(watched: Watched, held: HeldBody, exchange: Exchange, clock: Clock): Promise<Outcome> {
  const { signal } = exchange;
  const onAbort = () => held.interrupt('aborted');
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  try {
    const byHead = watched.reply.verdict;
    const judged = byHead === 'ok' ? await judge(watched, held, exchange, clock) : byHead;
    if (judged === 'aborted') return giveUp(watched, signal);
    if (judged === 'end') return conclude(await watched.reply.ended, watched, held, exchange);
    if (judged === 'ok') return commit(watched, handedUp(watched, held, judged));
    return await readRest(watched, held, judged, exchange, clock);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/**
 * Reads until there is a verdict, the body has ended or the agent has left. What is undecided after start-up frames alone
 * for `holdMs`, or after 64 KB, is taken for `ok`.
 */
async function judge(watched: Watched, held: HeldBody, { limits }: Exchange, clock: Clock): Promise<Verdict | 'end' | 'aborted'> {
  const { holdMs } = limits;
  let timer: Timer | undefined;
  try {
    for (;;) {
      const judged = await watched.judged();
      if (judged !== 'more') return judged;
      if (held.bytes >= heldBytes) return 'ok';
      if (!watched.startingUp) timer?.cancel();
      else if (holdMs !== undefined) timer ??= clock.timer(holdMs, () => held.interrupt('time'));
      const came = held.poll() ?? (await held.read());
      if (came === 'time') return 'ok';
      if (came !== 'chunk') return came;
    }
  } finally {
    timer?.cancel();
  }
}

/** Reads a bad reply to its end where that is near, so that its socket and its place are free at once. */
async function readRest(watched: Watched, held: HeldBody, judged: Verdict, { signal }: Exchange, clock: Clock): Promise<Outcome> {
  const timer = clock.timer(restMs, () => held.interrupt('time'));
  try {
    while (held.bytes < heldBytes) {
      const came = held.poll() ?? (await held.read());
      if (came === 'aborted') return giveUp(watched, signal);
      if (came === 'end') {
        const { verdict, retryAfterMs } = await watched.reply.ended;
        return unread(watched.reply, held.chunks, verdict, held.pending, retryAfterMs);
      }
      if (came === 'time') break;
    }
    const refined = await watched.judged();
    return commit(watched, handedUp(watched, held, refined === 'more' ? judged : refined));
  } finally {
    timer.cancel();
  }
}

/** The body has ended before there was a verdict: the watcher's last word is the verdict, but half an answer is none. */
function conclude(ending: Ending, watched: Watched, held: HeldBody, exchange: Exchange): Outcome {
  const { timedOut, broken } = watched;
  const { verdict } = ending;
  if (timedOut) {
    const { phase, afterMs } = timedOut;
    const message = `Upstream ${exchange.target.upstream} did not answer in time (${phase}, ${afterMs} ms).`;
    return failure('upstream_timeout', message, { phase, sent: 'maybe', origin: culprit(watched), ...spentOn(ending) });
  }
  if (broken)
    return {
      ...(exchange.signal.aborted ? abortedFailure(exchange.signal, 'maybe') : brokenOff(broken, watched, exchange)),
      ...spentOn(ending),
    };
  return handedUp(watched, held, verdict);
}

function brokenOff({ verdict, cause }: Ending, watched: Watched, { target }: Exchange): Failure {
  const details = { sent: 'maybe', origin: culprit(watched), ...(cause !== undefined && { cause }) } as const;
  if (verdict === 'timeout') {
    return failure('upstream_timeout', `Upstream ${target.upstream} did not end its answer in time.`, { ...details, phase: 'total' });
  }
  return failure('upstream_protocol_error', `Upstream ${target.upstream} broke its answer off.`, details);
}

/** A failure is told by us, but an injected fault stays known as one: nothing must be learned from it. */
function culprit({ reply }: Watched): Origin {
  return reply.origin === 'chaos' ? 'chaos' : 'ourselves';
}

function giveUp(watched: Watched, signal: Signal): Failure {
  watched.reply.discard();
  let spent = {};
  watched.reply.whenEnded((ending) => {
    spent = spentOn(ending);
  });
  return { ...abortedFailure(signal, 'maybe'), ...spent };
}

/** The tokens of an answer that is not handed up: they were paid for all the same. */
function spentOn({ usage, estimated }: Ending): Pick<Failure, 'usage' | 'estimated'> {
  return { ...(usage && { usage }), ...(estimated && { estimated }) };
}

function handedUp(watched: Watched, held: HeldBody, verdict: Verdict): Reply {
  return unread(watched.reply, held.chunks, verdict, held.pending);
}

function commit(watched: Watched, reply: Reply): Reply {
  watched.commit();
  return reply;
}
