import { STATUS_CODES } from 'node:http';
import type { Clock } from '../core/clock.ts';
import type { Handler } from '../core/exchange.ts';
import { bufferedReply, createReply, type Reply, type ReplyHead } from '../core/outcome.ts';
import { answerOf } from './answer.ts';
import { PacedSource } from './paced-source.ts';
import type { Script } from './script.ts';

/** A whole answer comes at once, a streamed one at the pace of a person who reads fast. */
const pace = { headMs: 0, firstMs: 120, betweenMs: 25 };

/**
 * A provider in this process that needs no key and no network: speaks OpenAI's chat completions, streamed or not, and lists
 * one model. It never fails; `startSimulatedServer` does.
 */
export function createSimulatedProvider(clock: Clock): Handler {
  return async ({ request }) => {
    const { method, path } = request;
    const body = method === 'POST' ? await request.body.whole() : undefined;
    return replyOf(answerOf('openai', { method, path, body }, { pace, wallMs: clock.wall() }), clock);
  };
}

function replyOf(script: Script, clock: Clock): Reply {
  const { status, headers, chunks } = script;
  const head: ReplyHead = {
    verdict: status < 400 ? 'ok' : 'client-error',
    origin: 'upstream',
    status,
    statusText: STATUS_CODES[status] ?? '',
    headers: [...headers],
  };
  return chunks.length === 1 ? bufferedReply(head, chunks) : createReply(head, new PacedSource(script, clock));
}
