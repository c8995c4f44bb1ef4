import { expect, it } from 'vitest';
import { failure } from '../../src/core/failure.ts';
import type { Failure, Outcome, Reply } from '../../src/core/outcome.ts';
import { openai } from '../../src/llm/openai.ts';
import { createValidate, validateSettings } from '../../src/policies/validate.ts';
import { body, exchange, openReply, post as posted, script, textOf, wholeReply } from './kit.ts';

const post = (path: string, asked: object) => posted({ path, body: body(JSON.stringify(asked)) });

const chunk = (content: string, finish: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason: finish }] })}\n\n`;

/** A call whose answer is a stream that a test leads. */
function streamed(settings: Record<string, unknown> = {}, asked: Record<string, unknown> = { response_format: { type: 'json_object' } }) {
  const open = openReply({ headers: ['Content-Type', 'text/event-stream'] });
  const call = exchange({ dialect: openai, request: post('/v1/chat/completions', asked) });
  let outcome: Outcome | undefined;
  const run = createValidate(validateSettings.parse(settings))
    .run(call, script(open.reply))
    .then((result) => {
      outcome = result;
      return result;
    });
  /** Lets everything happen that can happen now. */
  const settle = () => new Promise(setImmediate);
  return { open, call, run, settle, outcome: () => outcome };
}

it('an agent that leaves while its answer is held ends the answer', async () => {
  const { open, call, run, settle, outcome } = streamed();
  open.push(chunk('{'));
  await settle();
  expect(outcome()).toBeUndefined();
  call.hangUp();
  expect(await run).toMatchObject({ kind: 'failure', verdict: 'cancelled' });
  expect(open.discarded).toBe(true);
});

it('an answer of a call that is over already is not read', async () => {
  const { open, call, run } = streamed();
  call.hangUp();
  expect(await run).toMatchObject({ kind: 'failure', verdict: 'cancelled' });
  expect(open.discarded).toBe(true);
});

it('what the format says of its answer goes before what the answer holds', async () => {
  const { open, run, call } = streamed();
  open.push(chunk('{'));
  open.end({ verdict: 'content-filter' });
  const reply = (await run) as Reply;
  expect(reply.verdict).toBe('content-filter');
  expect(await textOf(reply)).toBe(chunk('{'));
  expect(call.noted('validated')).toEqual([]);
});

it.each([
  ['network', 'upstream_protocol_error'],
  ['timeout', 'upstream_timeout'],
] as const)('a stream that ends by %s while it is held is a failure', async (verdict, code) => {
  const { open, run } = streamed();
  open.push(chunk('{'));
  open.end({ verdict, complete: false });
  expect((await run) as Failure).toMatchObject({ kind: 'failure', verdict, code, sent: 'maybe' });
});

it('a bad answer keeps its verdict to its end', async () => {
  const { open, run, call } = streamed();
  open.push(chunk('nonsense', 'stop'));
  open.end();
  const reply = (await run) as Reply;
  expect(reply.verdict).toBe('invalid-output');
  expect(await textOf(reply)).toBe(chunk('nonsense', 'stop'));
  expect((await reply.ended).verdict).toBe('invalid-output');
  expect(call.noted('validated')).toMatchObject([{ result: 'json', upstream: 'main' }]);
});

it('the keyword of the schema is told, and no word of the answer', async () => {
  const schema = { type: 'object', required: ['secret-name'] };
  const asked = { response_format: { type: 'json_schema', json_schema: { schema } } };
  const { open, run, call } = streamed({}, asked);
  open.push(chunk('{"private":1}', 'stop'));
  open.end();
  await run;
  expect(call.noted('validated')).toEqual([{ kind: 'validated', attempt: 0, upstream: 'main', result: 'schema', detail: 'required' }]);
});

it('in observe mode nothing is held back', async () => {
  const { open, run, call } = streamed({ observe: true });
  const reply = (await run) as Reply;
  open.push(chunk('nonsense', 'stop'));
  open.end();
  expect(await textOf(reply)).toBe(chunk('nonsense', 'stop'));
  expect((await reply.ended).verdict).toBe('ok');
  expect(call.noted('would')).toMatchObject([{ event: { kind: 'validated', result: 'json' } }]);
});

it.each([
  ['another interface', '/v1/embeddings', {}, {}],
  ['a call for which nothing is checked', '/v1/chat/completions', { nonEmpty: false }, {}],
  ['an answer that was judged bad', '/v1/chat/completions', {}, { verdict: 'overloaded', status: 503 }],
  ['an answer of another type', '/v1/chat/completions', {}, { headers: ['Content-Type', 'text/plain'] }],
] as const)('%s is handed on untouched', async (_, path, settings, facts) => {
  const reply = wholeReply({ ...facts });
  const call = exchange({ dialect: openai, request: post(path, {}) });
  expect(await createValidate(validateSettings.parse(settings)).run(call, script(reply))).toBe(reply);
});

it('a failure is handed on', async () => {
  const failed = failure('upstream_unreachable', 'gone');
  const call = exchange({ dialect: openai, request: post('/v1/chat/completions', {}) });
  expect(await createValidate(validateSettings.parse({})).run(call, script(failed))).toBe(failed);
});
