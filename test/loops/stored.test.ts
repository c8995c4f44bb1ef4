import type OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { anthropicAt } from '../clients/anthropic.ts';
import { openaiAt } from '../clients/openai.ts';
import { chunk, http, lastChunk } from '../kit/http-text.ts';
import { answer, rawUpstream } from '../kit/raw-upstream.ts';
import { json } from '../policies-e2e/kit.ts';
import { loopsOf, urlOf, watched } from './kit.ts';

/** A provider of responses that always asks for the same call; the next request names its answer only. */
function responding(streamed: boolean) {
  return rawUpstream(
    answer((_, index) => {
      const call = {
        type: 'function_call',
        id: `fc_${index}`,
        call_id: `call_${index}x`,
        name: 'shell',
        arguments: '{"command":"ls"}',
        status: 'completed',
      };
      const response = {
        id: `resp_${index}`,
        object: 'response',
        created_at: 1,
        model: 'gpt-x',
        status: 'completed',
        output: [call],
        error: null,
        incomplete_details: null,
      };
      if (!streamed) return json('200 OK', response);
      const event = (type: string, facts: object) => chunk(`event: ${type}\ndata: ${JSON.stringify({ type, ...facts })}\n\n`);
      const events = event('response.created', { response: { ...response, output: [] } }) + event('response.completed', { response });
      return http(['HTTP/1.1 200 OK', 'Content-Type: text/event-stream', 'Transfer-Encoding: chunked'], events + lastChunk);
    }),
  );
}

async function ask(
  client: OpenAI,
  streamed: boolean,
  more: Partial<OpenAI.Responses.ResponseCreateParams>,
): Promise<OpenAI.Responses.Response> {
  const parameters = { model: 'gpt-x', ...more };
  if (!streamed) return client.responses.create({ ...parameters, stream: false });
  return client.responses.stream({ ...parameters, stream: true }).finalResponse();
}

describe.each([
  ['whole', false],
  ['streamed', true],
])('responses that come %s', (_, streamed) => {
  test.each([
    ['the response before', (id: string) => ({ previous_response_id: id })],
    ['a conversation', () => ({ conversation: 'conv_1' })],
  ])('and are named by %s show the loop of those who only send what is new', async (_name, named) => {
    const product = await watched((await responding(streamed)).url, 'openai', { action: 'pause' });
    const client = openaiAt({ url: urlOf(product) }, { maxRetries: 0 });
    let answered = await ask(client, streamed, { input: 'Do it.', ...(_name === 'a conversation' && named('')) });
    const results: string[] = [];
    for (let round = 0; round < 6; round += 1) {
      const [call] = answered.output;
      const input = [
        { type: 'function_call_output' as const, call_id: call?.type === 'function_call' ? call.call_id : '', output: 'nothing' },
      ];
      try {
        answered = await ask(client, streamed, { input, ...named(answered.id) });
        results.push('ok');
      } catch (error) {
        results.push(String((error as { status: number }).status));
        break;
      }
    }
    expect(results).toEqual(['ok', 'ok', 'ok', '423']);
    expect(await loopsOf(product)).toEqual({ 'repeat warn': 1, 'repeat pause': 1 });
  });
});

test('a thread of Anthropic shows its loop as well', async () => {
  const main = await rawUpstream(
    answer((_, index) =>
      json('200 OK', {
        ...{ id: `msg_${index}`, type: 'message', role: 'assistant', model: 'claude-x', stop_reason: 'tool_use', stop_sequence: null },
        content: [{ type: 'tool_use', id: `toolu_${index}x`, name: 'shell', input: { command: 'ls' } }],
        usage: { input_tokens: 1, output_tokens: 1 },
      }),
    ),
  );
  const product = await watched(main.url, 'anthropic', { action: 'pause' });
  const client = anthropicAt({ url: urlOf(product) }, { maxRetries: 0 });
  const send = (content: unknown, thread: object) =>
    client.post<{ id: string }>('/v1/messages', {
      body: { model: 'claude-x', max_tokens: 9, messages: [{ role: 'user', content }], thread },
    });
  let { id } = await send('Do it.', { type: 'create' });
  for (let round = 0; round < 3; round += 1) {
    ({ id } = await send([{ type: 'tool_result', tool_use_id: `toolu_${round}x`, content: 'nothing' }], {
      type: 'continue',
      previous_message_id: id,
    }));
  }
  const last = send([{ type: 'tool_result', tool_use_id: 'toolu_3x', content: 'nothing' }], { type: 'continue', previous_message_id: id });
  await expect(last).rejects.toMatchObject({ status: 423 });
});
