import type { z } from 'zod';
import type { Exchange } from '../../src/core/exchange.ts';
import type { Outcome, Reply } from '../../src/core/outcome.ts';
import { stack } from '../../src/core/policy.ts';
import { openai } from '../../src/llm/openai.ts';
import { chaosSettings } from '../../src/policies/chaos/settings.ts';
import { createChaos } from '../../src/policies/chaos.ts';
import { createGate } from '../../src/policies/gate.ts';
import { gateLimits } from './held-gate.ts';
import { type Answer, body, context, exchange, openReply, request, script, type TestContext } from './kit.ts';

export type Written = z.input<typeof chaosSettings>;

export const sse = ['content-type', 'text/event-stream'];
export const json = ['content-type', 'application/json'];

const chunk = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;

/** The events of a chat stream. */
export const events = [
  chunk({ role: 'assistant', content: '' }),
  chunk({ content: 'hel' }),
  chunk({ content: 'lo' }),
  chunk({}, 'stop'),
  'data: [DONE]\n\n',
] as const;

export const completion = JSON.stringify({
  id: 'c',
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }],
});

export function chaos(written: Written, given: TestContext = context()) {
  return createChaos(chaosSettings.parse({ enabled: true, ...written }), 'main', given);
}

/** A chat completion that was asked for; streamed or not. */
export function chatRequest(stream: boolean, headers: readonly string[] = []) {
  const text = JSON.stringify({ model: 'gpt-5', stream, messages: [] });
  const facts = { method: 'POST', path: '/v1/chat/completions', headers };
  return request({ ...facts, idempotent: false, body: body(text), call: () => openai.describe(facts, Buffer.from(text)) });
}

/** A reply in these chunks, whole. */
export function chunked(headers: readonly string[], chunks: readonly (string | Uint8Array)[]): Reply {
  const open = openReply({ headers });
  for (const one of chunks) open.push(one as string);
  open.end();
  return open.reply;
}

export const streamed = (): Reply => chunked(sse, events);
export const whole = (): Reply => chunked([...json, 'content-length', String(completion.length)], [completion]);

/** A chat call at chaos alone, or behind the gate as in the stack. */
export function chat(written: Written, answer: Answer, overrides: Partial<Exchange> & { stream?: boolean; gate?: boolean } = {}) {
  const { stream = true, gate = false, ...rest } = overrides;
  const given = context();
  const { clock } = given;
  const next = script(answer);
  const on = exchange({ dialect: openai, attempt: 1, limits: gateLimits, request: chatRequest(stream), ...rest });
  const policies = [...(gate ? [createGate({ holds: true }, { clock })] : []), chaos(written, given)];
  const call: { outcome?: Outcome } = {};
  const run = stack(
    policies,
    next,
  )(on).then((outcome) => {
    call.outcome = outcome;
    return outcome;
  });
  return Object.assign(call, { clock, on, next, run });
}

/** The reply of a run that must have one. */
export async function replyIn({ run }: { run: Promise<Outcome> }): Promise<Reply> {
  const outcome = await run;
  if (outcome.kind !== 'reply') throw new Error(`no reply but ${JSON.stringify(outcome)}`);
  return outcome;
}
