import { z } from 'zod';
import type { Call } from '../core/dialect.ts';
import type { Exchange } from '../core/exchange.ts';
import { bufferedReply, type Failure, type Reply } from '../core/outcome.ts';
import type { Policy, PolicyContext } from '../core/policy.ts';
import type { Verdict } from '../core/verdict.ts';
import { type DegradedReason, degradedReasons, degradedSentences } from './degraded-sentences.ts';
import { isTargetRefusal } from './is-target-refusal.ts';
import { untilAborted } from './until-aborted.ts';
import { withHeaders } from './with-headers.ts';

const sentences = z.array(z.string().min(1)).min(1).optional();

export const degradeSettings = z.strictObject({
  /** By verdict, one picked at random; `default` for those that are not named, and built-in words where there is none. */
  messages: z
    .strictObject({
      default: sentences,
      'rate-limited': sentences,
      'quota-exhausted': sentences,
      overloaded: sentences,
      'server-error': sentences,
      network: sentences,
      timeout: sentences,
      'model-unavailable': sentences,
      'context-length': sentences,
      'invalid-output': sentences,
      /** The breaker is open or the bulkhead full. */
      refused: sentences,
      /** A paused agent is told so by an error, except where there are words for it here. */
      paused: sentences,
    })
    .prefault({}),
  /** In place of a sentence for MCP and plain HTTP, which have none; without it, the error is passed on. */
  body: z
    .strictObject({
      status: z.int().min(200).max(599).default(200),
      contentType: z
        .string()
        .regex(/^[\x20-\x7e]+$/, 'expected a media type such as application/json')
        .default('application/json'),
      text: z.string(),
    })
    .optional(),
  observe: z.boolean().default(false),
});

export type DegradeSettings = z.output<typeof degradeSettings>;

export interface DegradeOptions {
  /** Marks answers with `x-outrigger-degraded`. */
  responseHeaders: boolean;
}

/**
 * The last resort: where a call has come to nothing, answers in the caller's format as if the model had said a sentence.
 * What the agent itself must hear (wrong keys, wrong requests, that it left or was paused) stays as it is.
 */
export function createDegrade(
  settings: DegradeSettings,
  { responseHeaders }: DegradeOptions,
  { random }: Pick<PolicyContext, 'random'>,
): Policy {
  const { messages, body, observe } = settings;

  const sentence = (reason: DegradedReason | 'paused'): string => {
    const words = messages[reason] ?? (reason === 'paused' ? undefined : (messages.default ?? degradedSentences[reason])) ?? [];
    return words[Math.floor(random() * words.length)] ?? '';
  };

  const answer = (reason: DegradedReason | 'paused', verdict: Verdict, call: Call, { dialect }: Exchange) => {
    const spoken = dialect.speak(sentence(reason), call);
    if (spoken) return { message: 'sentence', reply: spoken } as const;
    if (!body || (dialect.name !== 'http' && dialect.name !== 'mcp')) return undefined;
    return { message: 'body', reply: bodyReply(body, verdict) } as const;
  };

  return {
    name: 'degrade',
    async run(exchange, next) {
      const outcome = await next(exchange);
      if (outcome.kind === 'tunnel' || exchange.request.upgrade !== undefined) return outcome;
      const reason = reasonOf(outcome);
      if (!reason || (reason === 'paused' && !messages.paused)) return outcome;
      const described = exchange.request.call();
      const call = described instanceof Promise ? await untilAborted(described, exchange.signal) : described;
      const degraded = call && answer(reason, outcome.verdict, call, exchange);
      if (!degraded) return outcome;
      const { message, reply } = degraded;
      const event = { kind: 'degraded', attempt: 0, reason: outcome.verdict, message } as const;
      exchange.note(observe ? { kind: 'would', attempt: 0, event } : event);
      if (observe) return outcome;
      if (outcome.kind === 'reply') outcome.discard();
      return responseHeaders ? withHeaders(reply, [...reply.headers, 'x-outrigger-degraded', 'message']) : reply;
    },
  };
}

/** What words are to be found for; undefined where the outcome is to be left alone. */
function reasonOf(outcome: Reply | Failure): DegradedReason | 'paused' | undefined {
  if (outcome.verdict !== 'refused') return degradedReasons.find((reason) => reason === outcome.verdict);
  if (outcome.kind === 'failure' && outcome.code === 'agent_paused') return 'paused';
  // A sidecar that shuts down is to be asked elsewhere.
  return isTargetRefusal(outcome) ? 'refused' : undefined;
}

function bodyReply({ status, contentType, text }: NonNullable<DegradeSettings['body']>, verdict: Verdict): Reply {
  const bytes = Buffer.from(text);
  const headers = ['content-type', contentType, 'content-length', String(bytes.byteLength)];
  return bufferedReply({ verdict: status < 400 ? 'ok' : verdict, origin: 'degraded', status, statusText: '', headers }, [bytes]);
}
