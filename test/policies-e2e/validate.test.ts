import { describe, expect, test } from 'vitest';
import { chat, eventStream } from '../clients/events.ts';
import { statusOf } from '../kit/http-message.ts';
import { http, lastChunk } from '../kit/http-text.ts';
import { exchange, rawClient } from '../kit/raw-client.ts';
import { rawUpstream } from '../kit/raw-upstream.ts';
import { settled } from '../kit/timing.ts';
import { counted, inTurn, json, ledgerOf, saying, sidecarTo, streaming, textOf, toldBy } from './kit.ts';

const retry = { on: ['invalid-output', 'network'], backoff: { base: '1ms' } };
const jsonSchema = {
  type: 'json_schema',
  json_schema: { name: 'city', schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } },
};
const weather = {
  type: 'function',
  function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } },
};

/** The bytes of a chat with these members beside its model and its message. */
function asking(members: Record<string, unknown> = {}): string {
  const body = JSON.stringify({ model: 'gpt-x', messages: [{ role: 'user', content: 'Where?' }], ...members });
  return http(
    ['POST /v1/chat/completions HTTP/1.1', 'Host: sidecar', 'Content-Type: application/json', `Content-Length: ${body.length}`],
    body,
  );
}

function calling(args: string): string {
  const calls = [{ id: 'call_1', type: 'function', function: { name: 'weather', arguments: args } }];
  const choices = [{ index: 0, message: { role: 'assistant', content: null, tool_calls: calls }, finish_reason: 'tool_calls' }];
  return json('200 OK', { id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'gpt-x', choices });
}

describe('an answer that is not what was asked for is made again', () => {
  test.each([
    ['empty', {}, saying(''), saying('Rome'), 'Rome'],
    ['an empty stream', { stream: true }, streaming(''), streaming('Rome'), 'Rome'],
    ['no JSON', { response_format: { type: 'json_object' } }, saying('It is Rome.'), saying('{}'), '"{}"'],
    ['no JSON in a stream', { stream: true, response_format: { type: 'json_object' } }, streaming('It is Rome.'), streaming('{}'), '"{}"'],
    ['JSON that does not match its schema', { response_format: jsonSchema }, saying('{}'), saying('{"city":"Rome"}'), 'city'],
    ['a tool call with broken arguments', { tools: [weather] }, calling('{"city":'), calling('{"city":"Rome"}'), 'Rome'],
    ['a tool call with the wrong arguments', { tools: [weather] }, calling('{"town":"Rome"}'), calling('{"city":"Rome"}'), 'city'],
  ])('%s', async (_, members, bad, good, mark) => {
    const main = await rawUpstream(inTurn(bad, good));
    const product = await sidecarTo({ main }, { validate: {}, retry });
    const answer = await exchange(product.proxy, asking(members));
    expect(statusOf(answer)).toBe(200);
    expect(ledgerOf(answer)).toBe('main/gpt-x;verdict=invalid-output, main/gpt-x;verdict=ok');
    expect(answer.body).toContain(mark);
    expect(main.requests.map(({ body }) => body)).toEqual([asking(members), asking(members)].map((text) => text.split('\r\n\r\n')[1]));
  });
});

describe('what was asked for passes at the first time', () => {
  test.each([
    ['a text', {}, saying('Rome')],
    ['JSON', { response_format: { type: 'json_object' } }, saying('[1]')],
    ['a call of a tool where JSON is asked for in the end', { response_format: jsonSchema, tools: [weather] }, calling('{"city":"Rome"}')],
    ['arguments of a tool that nobody has described', { tools: [] }, calling('{"town":"Rome"}')],
  ])('%s', async (_, members, good) => {
    const main = await rawUpstream(inTurn(good));
    const product = await sidecarTo({ main }, { validate: {}, retry });
    const answer = await exchange(product.proxy, asking(members));
    expect(ledgerOf(answer)).toBe('main/gpt-x;verdict=ok');
    const count = await counted(product, 1);
    expect(count('validations_total{upstream="main",result="valid"}')).toBe(1);
  });
});

test('without the policy nobody looks', async () => {
  const main = await rawUpstream(inTurn(saying('')));
  const product = await sidecarTo({ main }, { retry });
  expect(ledgerOf(await exchange(product.proxy, asking()))).toBe('main/gpt-x;verdict=ok');
});

test('another target takes over where there is one', async () => {
  const main = await rawUpstream(inTurn(saying('nonsense')));
  const spare = await rawUpstream(inTurn(saying('{}')));
  const product = await sidecarTo({ main, spare }, { validate: {}, fallback: [{ upstream: 'spare' }] });
  const answer = await exchange(product.proxy, asking({ response_format: { type: 'json_object' } }));
  expect(toldBy(answer)).toEqual([200, '{}']);
  expect(ledgerOf(answer)).toBe('main/gpt-x;verdict=invalid-output, spare/gpt-x;verdict=ok');
});

test('where nothing better comes, the agent gets the answer as it was', async () => {
  const main = await rawUpstream(inTurn(saying('nonsense')));
  const product = await sidecarTo({ main }, { validate: {}, retry });
  const answer = await exchange(product.proxy, asking({ response_format: { type: 'json_object' } }));
  expect(toldBy(answer)).toEqual([200, 'nonsense']);
  expect(main.requests).toHaveLength(3);
});

test('a stream that only has to say something is let go at its first word', async () => {
  const main = await rawUpstream(async (connection) => {
    await connection.request();
    connection.send(eventStream + chat.role + chat.text('Ro'));
    await connection.ended;
  });
  const product = await sidecarTo({ main }, { validate: {}, retry });
  const client = await rawClient(product.proxy);
  client.send(asking({ stream: true }));
  expect(statusOf((await client.responseHead())!)).toBe(200);
  client.close();
});

test('a stream that has to be JSON comes as a whole', async () => {
  const { promise: go, resolve: goOn } = Promise.withResolvers<void>();
  const main = await rawUpstream(async (connection) => {
    await connection.request();
    connection.send(eventStream + chat.role + chat.text('{'));
    await go;
    connection.send(chat.text('}') + chat.stop + chat.done + lastChunk);
  });
  const product = await sidecarTo({ main }, { validate: {}, retry });
  const client = await rawClient(product.proxy);
  client.send(asking({ stream: true, response_format: { type: 'json_object' } }));
  expect(await settled(() => client.bytes.text.length, 100)).toBe(0);
  goOn();
  expect(textOf(await client.response())).toMatch(/^\{\}$/);
});

test('an answer above maxHeld passes unjudged, and that is told', async () => {
  const main = await rawUpstream(inTurn(streaming(`nonsense ${'x'.repeat(3000)}`)));
  const product = await sidecarTo({ main }, { validate: { maxHeld: '2KB' }, retry });
  const answer = await exchange(product.proxy, asking({ stream: true, response_format: { type: 'json_object' } }));
  expect(answer.whole).toBe(true);
  expect(textOf(answer)).toContain('nonsense');
  const count = await counted(product, 1);
  expect(count('validations_total{upstream="main",result="too-long"}')).toBe(1);
});

test('a stream that breaks while it is held is made again', async () => {
  const main = await rawUpstream(async (connection, index) => {
    await connection.request();
    if (index > 0) connection.send(streaming('{}'));
    else {
      connection.send(eventStream + chat.role + chat.text('{'));
      connection.reset();
    }
  });
  const product = await sidecarTo({ main }, { validate: {}, retry });
  const answer = await exchange(product.proxy, asking({ stream: true, response_format: { type: 'json_object' } }));
  expect(textOf(answer)).toBe('{}');
  expect(ledgerOf(answer)).toBe('main/gpt-x;verdict=network, main/gpt-x;verdict=ok');
});

test('in observe mode everything passes at once, and what would have been said is counted', async () => {
  const main = await rawUpstream(inTurn(saying('')));
  const product = await sidecarTo({ main }, { validate: { observe: true }, retry });
  expect(ledgerOf(await exchange(product.proxy, asking()))).toBe('main/gpt-x;verdict=ok');
  const count = await counted(product, 1);
  expect(count('would_total{kind="validated"}')).toBe(1);
  expect(count('validations_total{upstream="main",result="empty"}')).toBe(0);
});
