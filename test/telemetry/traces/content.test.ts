import { describe, expect, it } from 'vitest';
import { chunk, http, ok } from '../../kit/http-text.ts';
import { rawClient } from '../../kit/raw-client.ts';
import { answer, rawUpstream } from '../../kit/raw-upstream.ts';
import { agentParent, behindRoot, traced } from './kit.ts';

const chat = {
  model: 'gpt-5',
  temperature: 0.5,
  top_p: 0.9,
  max_completion_tokens: 100,
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'My key is sk-canary-prompt-0123456789, what is 1+1?' },
  ],
};
const said = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  model: 'gpt-5-2026',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Two. sk-canary-answer-0123456789' }, finish_reason: 'stop' }],
  usage: {
    prompt_tokens: 50,
    completion_tokens: 20,
    total_tokens: 70,
    prompt_tokens_details: { cached_tokens: 30 },
    completion_tokens_details: { reasoning_tokens: 5 },
  },
};
const lines = [
  'POST /v1/chat/completions?key=canary-query-0123456789 HTTP/1.1',
  'Content-Type: application/json',
  'Authorization: Bearer canary-bearer-0123456789',
  'x-api-key: canary-header-0123456789',
  'Cookie: canary-cookie=1',
  'User-Agent: canary-agent',
  'x-outrigger-agent: planner',
  'x-outrigger-session: sk-canary-session-0123456789',
  `traceparent: ${agentParent}`,
];

async function asked(telemetry: object = {}) {
  const upstream = await rawUpstream(answer(ok(JSON.stringify(said), 'Content-Type: application/json', 'x-secret: canary-reply')));
  const it = await traced(
    behindRoot(upstream, { retry: {} }, { dialect: 'openai', headers: { 'x-key': 'canary-configured-0123456789' } }),
    telemetry as Record<string, unknown>,
  );
  await it.ask(lines, JSON.stringify(chat));
  await it.spans();
  return { receiver: it.receiver, sent: Buffer.concat(it.receiver.requests.map(({ body }) => body)).toString('latin1') };
}

describe('the span of an attempt at a model', () => {
  it('follows the GenAI conventions', async () => {
    const { receiver } = await asked();
    const { name, attributes } = receiver.span('client');
    expect(name).toBe('chat gpt-5');
    expect(attributes).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-5',
      'gen_ai.request.stream': false,
      'gen_ai.request.max_tokens': 100,
      'gen_ai.request.temperature': 0.5,
      'gen_ai.request.top_p': 0.9,
      'gen_ai.agent.name': 'planner',
      'gen_ai.usage.input_tokens': 50,
      'gen_ai.usage.output_tokens': 20,
      'gen_ai.usage.cache_read.input_tokens': 30,
      'gen_ai.usage.cache_creation.input_tokens': 0,
      'gen_ai.usage.reasoning.output_tokens': 5,
      'gen_ai.response.model': 'gpt-5-2026',
      'gen_ai.response.id': 'chatcmpl-1',
      'gen_ai.response.finish_reasons': ['stop'],
    });
  });

  it('says of the answer to each attempt what that says of itself', async () => {
    const event = (value: object) => `data: ${JSON.stringify({ id: 'chatcmpl-2', model: 'gpt-5-2026', ...value })}\n\n`;
    const delta = (content: string, finish: string | null = null) =>
      event({ choices: [{ index: 0, delta: { content }, finish_reason: finish }] });
    const text = `${delta('T')}${delta('wo')}${delta('', 'length')}data: [DONE]\n\n`;
    const busy = http(['HTTP/1.1 503 Service Unavailable', 'Content-Type: application/json', 'Content-Length: 12'], '{"error":{}}');
    let asked = 0;
    const upstream = await rawUpstream(answer(() => (asked++ === 0 ? busy : ok(text, 'Content-Type: text/event-stream'))));
    const it = await traced(behindRoot(upstream, { retry: { backoff: { base: '1ms' } } }, { dialect: 'openai' }));
    await it.ask(lines, JSON.stringify({ ...chat, stream: true }));
    await it.spans();
    expect(it.receiver.span('client', 2).attributes).toMatchObject({
      'gen_ai.response.model': 'gpt-5-2026',
      'gen_ai.response.id': 'chatcmpl-2',
      'gen_ai.response.finish_reasons': ['length'],
    });
    const ofFirst = Object.keys(it.receiver.span('client', 1).attributes).filter((key) => key.startsWith('gen_ai.response.'));
    expect(ofFirst).toEqual([]);
  });

  it('follows the newer ones where that is configured, and none where they are off', async () => {
    const latest = (await asked({ semconv: 'latest' })).receiver.span('client');
    expect(latest.attributes).toHaveProperty(['gen_ai.usage.cache_write.input_tokens'], 0);
    expect(latest.attributes).not.toHaveProperty(['gen_ai.usage.cache_creation.input_tokens']);
    const off = (await asked({ semconv: 'off' })).receiver.span('client');
    expect(off.name).toBe('POST');
    expect(Object.keys(off.attributes).filter((key) => /^(gen_ai|mcp)\./.test(key))).toEqual([]);
    expect(off.attributes).toMatchObject({ 'http.response.status_code': 200, 'outrigger.upstream': 'peer' });
  });

  it('holds no path, no prompt, no answer and no credential', async () => {
    const { sent } = await asked();
    expect(sent).toContain('gpt-5');
    for (const word of ['canary', 'chat/completions', 'Be brief', 'Two.', '1+1']) expect(sent).not.toContain(word);
  });

  it('shows what was said where that is configured, without credentials', async () => {
    const { receiver, sent } = await asked({ capture: { bodies: true } });
    const { attributes } = receiver.span('client');
    const read = (key: string) => JSON.parse(String(attributes[key])) as unknown;
    expect(read('gen_ai.system_instructions')).toEqual([{ type: 'text', content: 'Be brief.' }]);
    expect(read('gen_ai.input.messages')).toEqual([{ role: 'user', parts: [{ type: 'text', content: 'My key is ***, what is 1+1?' }] }]);
    expect(read('gen_ai.output.messages')).toEqual([
      { role: 'assistant', parts: [{ type: 'text', content: 'Two. ***' }], finish_reason: 'stop' },
    ]);
    expect(receiver.span('server').attributes['url.path']).toBe('/v1/chat/completions');
    expect(sent).not.toContain('canary');
  });

  it('shows the bodies of other formats as they are, cut, without credentials', async () => {
    const upstream = await rawUpstream(answer(ok('{"a":"sk-canary-0123456789","b":1}', 'Content-Type: application/json')));
    const it = await traced(behindRoot(upstream), { capture: { bodies: true } });
    await it.ask(['POST /x HTTP/1.1', `traceparent: ${agentParent}`], `password: canary\n${'x'.repeat(40_000)}`);
    await it.spans();
    const { attributes } = it.receiver.span('client');
    expect(attributes['outrigger.response.body']).toBe('{"a":"***","b":1}');
    expect(String(attributes['outrigger.request.body']).length).toBeLessThanOrEqual(16 * 1024);
    expect(attributes['outrigger.request.body']).toContain('xxxx');
    expect(Buffer.concat(it.receiver.requests.map(({ body }) => body)).toString()).not.toContain('canary');
  });
});

describe('the span of a stream', () => {
  it('ends with the stream, says when it began, and that it broke', async () => {
    const event = (content: string) =>
      chunk(`data: ${JSON.stringify({ model: 'gpt-5', choices: [{ index: 0, delta: { content } }] })}\n\n`);
    const upstream = await rawUpstream(async (connection) => {
      await connection.request();
      connection.send(http(['HTTP/1.1 200 OK', 'Content-Type: text/event-stream', 'Transfer-Encoding: chunked'], event('Hello')));
    });
    const it = await traced(behindRoot(upstream, { retry: {} }, { dialect: 'openai' }));
    const body = JSON.stringify({ ...chat, stream: true });
    const agent = await rawClient(it.sidecar.proxy);
    const fields = ['Host: h', 'Content-Type: application/json', `Content-Length: ${body.length}`];
    agent.send(http(['POST /v1/chat/completions HTTP/1.1', ...fields], body));
    await agent.responseHead();
    const begun = BigInt(Date.now()) * 1_000_000n;
    (await upstream.connection()).reset();
    await agent.responseBody();
    await it.spans();
    const [server, client] = [it.receiver.span('server'), it.receiver.span('client')];
    expect(client.attributes).toMatchObject({
      'gen_ai.request.stream': true,
      'outrigger.verdict': 'network',
      'outrigger.complete': false,
      'error.type': 'network',
    });
    expect(client.attributes['gen_ai.response.time_to_first_chunk']).toBeGreaterThan(0);
    expect(client.status).toBe(2);
    expect(client.endNanos).toBeGreaterThanOrEqual(begun - 1_000_000n);
    expect(client.startNanos).toBeLessThan(begun + 1_000_000n);
    expect(server.events.map(({ name }) => name)).toContain('outrigger.stream-broken');
    expect(server.attributes).toMatchObject({ 'outrigger.outcome': 'upstream-error', 'outrigger.kept_for': 'error' });
  });
});

describe('the events of a span', () => {
  it('tell when an answer began, what was injected, validated and cached, and that the last word was ours', async () => {
    const upstream = await rawUpstream(answer(http(['HTTP/1.1 500 No', 'Content-Length: 0'])));
    const faults = [{ kind: 'delay', share: '100%', for: '1ms' }];
    const it = await traced(behindRoot(upstream, { chaos: { enabled: true, faults }, cache: {}, degrade: { body: { text: 'sorry' } } }));
    await it.ask(['GET /a HTTP/1.1']);
    await it.spans();
    const events = [...it.receiver.span('server').events, ...it.receiver.span('client').events];
    const fault = events.find(({ name }) => name === 'outrigger.fault-injected');
    expect(fault?.attributes).toMatchObject({ 'outrigger.fault': 'delay', 'outrigger.upstream': 'peer', 'outrigger.attempt': 1 });
    expect(events.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['outrigger.cache', 'outrigger.degraded', 'outrigger.committed', 'outrigger.fault-injected']),
    );
    const { startNanos, endNanos, attributes } = it.receiver.span('server');
    for (const { nanos } of events) expect(nanos >= startNanos && nanos <= endNanos).toBe(true);
    expect(attributes['outrigger.outcome']).toBe('degraded');
  });
});
