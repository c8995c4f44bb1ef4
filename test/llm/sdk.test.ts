import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import type { Call, Dialect } from '../../src/core/dialect.ts';
import { failure } from '../../src/core/failure.ts';
import { headerValue } from '../../src/core/headers.ts';
import type { Reply } from '../../src/core/outcome.ts';
import { anthropic } from '../../src/llm/anthropic.ts';
import { openai } from '../../src/llm/openai.ts';
import { textOf } from '../policies/kit.ts';

/** What the SDKs call in place of the network: it answers with a reply of ours. */
function answering(reply: Reply): typeof fetch {
  return async () =>
    new Response(await textOf(reply), { status: reply.status, headers: { 'content-type': headerValue(reply.headers, 'content-type')! } });
}

const client = (reply: Reply) => new OpenAI({ apiKey: 'k', baseURL: 'http://127.0.0.1/v1', maxRetries: 0, fetch: answering(reply) });
const claude = (reply: Reply) => new Anthropic({ apiKey: 'k', baseURL: 'http://127.0.0.1', maxRetries: 0, fetch: answering(reply) });
const spoken = (dialect: Dialect, call: Partial<Call>) =>
  dialect.speak('Back soon.', { kind: 'llm', model: 'gpt-5', repeatable: true, stateful: false, ...call })!;
const chat = { model: 'gpt-5', messages: [{ role: 'user' as const, content: 'hi' }] };
const message = { model: 'claude', max_tokens: 9, messages: [{ role: 'user' as const, content: 'hi' }] };

/** A stream that began well and broke, as the agent gets it. */
async function broken(dialect: Dialect, call: Partial<Call>, events: number): Promise<Response> {
  const text = await textOf(spoken(dialect, { stream: true, ...call }));
  const begun = text.split('\n\n').slice(0, events).join('\n\n');
  const event = dialect.breakOff({ code: 'upstream_timeout', message: 'silent for 60 s' });
  return new Response(`${begun}\n\n${Buffer.from(event!).toString()}`, { headers: { 'content-type': 'text/event-stream' } });
}

describe("the openai SDK, given the openai dialect's words", () => {
  it('reads a spoken chat completion', async () => {
    const completion = await client(spoken(openai, { api: 'chat', stream: false })).chat.completions.create(chat);
    expect(completion.choices[0]).toMatchObject({ message: { content: 'Back soon.' }, finish_reason: 'stop' });
    expect(completion.usage?.total_tokens).toBe(0);
  });

  it('reads a spoken chat stream', async () => {
    const stream = client(spoken(openai, { api: 'chat', stream: true })).chat.completions.stream(chat);
    expect(await stream.finalContent()).toBe('Back soon.');
  });

  it('reads a spoken response', async () => {
    const response = await client(spoken(openai, { api: 'responses', stream: false })).responses.create({ model: 'gpt-5', input: 'hi' });
    expect(response.output_text).toBe('Back soon.');
  });

  it('reads a spoken stream of a response', async () => {
    const stream = client(spoken(openai, { api: 'responses', stream: true })).responses.stream({ model: 'gpt-5', input: 'hi' });
    expect(await stream.finalResponse()).toMatchObject({ status: 'completed', output_text: 'Back soon.' });
  });

  it.each([true, false])('reads a spoken completion of the old interface, streamed: %s', async (stream) => {
    const { completions } = client(spoken(openai, { api: 'completions', stream }));
    const asked = { model: 'gpt-5', prompt: 'Once' };
    const texts: string[] = [];
    if (stream) for await (const { choices } of await completions.create({ ...asked, stream })) texts.push(choices[0]!.text);
    else texts.push((await completions.create(asked)).choices[0]!.text);
    expect(texts.join('')).toBe('Back soon.');
  });

  it('throws at the end that is put to a broken completion of the old interface', async () => {
    const sdk = new OpenAI({ apiKey: 'k', maxRetries: 0, fetch: () => broken(openai, { api: 'completions' }, 1) });
    const stream = await sdk.completions.create({ model: 'gpt-5', prompt: 'Once', stream: true });
    const read = async () => {
      for await (const { choices } of stream) expect(choices[0]!.text).toBe('Back soon.');
    };
    await expect(read()).rejects.toMatchObject({ code: 'upstream_timeout' });
  });

  it('reads the status and the code of a refusal', async () => {
    const refused = client(openai.refuse(failure('circuit_open', 'The circuit is open.'))).chat.completions.create(chat);
    await expect(refused).rejects.toMatchObject({
      status: 503,
      code: 'circuit_open',
      message: expect.stringContaining('The circuit is open.'),
    });
  });

  it('throws at the end that is put to a broken chat stream', async () => {
    const sdk = new OpenAI({ apiKey: 'k', maxRetries: 0, fetch: () => broken(openai, { api: 'chat' }, 2) });
    await expect(sdk.chat.completions.stream(chat).finalContent()).rejects.toMatchObject({ code: 'upstream_timeout' });
  });

  it('throws at the end that is put to the broken stream of a response', async () => {
    const sdk = new OpenAI({ apiKey: 'k', maxRetries: 0, fetch: () => broken(openai, { api: 'responses' }, 5) });
    const stream = sdk.responses.stream({ model: 'gpt-5', input: 'hi' });
    await expect(stream.finalResponse()).rejects.toThrow('silent for 60 s');
  });
});

describe("the Anthropic SDK, given the anthropic dialect's words", () => {
  it('reads a spoken message', async () => {
    expect(await claude(spoken(anthropic, { stream: false })).messages.create(message)).toMatchObject({
      content: [{ type: 'text', text: 'Back soon.' }],
      stop_reason: 'end_turn',
    });
  });

  it('reads a spoken stream', async () => {
    expect(
      await claude(spoken(anthropic, { stream: true }))
        .messages.stream(message)
        .finalText(),
    ).toBe('Back soon.');
  });

  it('reads the status and the type of a refusal', async () => {
    const refused = claude(anthropic.refuse(failure('bulkhead_full', 'No room.'))).messages.create(message);
    await expect(refused).rejects.toMatchObject({ status: 503, type: 'overloaded_error', message: expect.stringContaining('No room.') });
  });

  it('throws at the end that is put to a broken stream', async () => {
    const sdk = new Anthropic({ apiKey: 'k', maxRetries: 0, fetch: () => broken(anthropic, {}, 3) });
    await expect(sdk.messages.stream(message).finalText()).rejects.toThrow('silent for 60 s');
  });
});
