import OpenAI from 'openai';
import { Pool } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import type { Format } from '../../src/simulated/answer.ts';
import { startSimulatedServer } from '../../src/simulated/server.ts';
import type { FaultKind, Weather } from '../../src/simulated/weather.ts';

const pace = { headMs: 0, firstMs: 1, betweenMs: 1 };

/** A server of one kind, and a way to ask it. */
async function serverOf(format: Format, weather: Weather = {}, seed = 1) {
  const server = await startSimulatedServer({ upstreams: { it: { format, pace, weather } }, seed, clock: systemClock });
  onTestFinished(() => server.close());
  const url = `${server.url}/it`;
  const ask = async (path: string, body?: object) => {
    const response = await fetch(url + path, { method: body ? 'POST' : 'GET', ...(body && { body: JSON.stringify(body) }) });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  return { url, ask };
}

const chat = { model: 'gpt-5', messages: [{ role: 'user', content: 'Hello' }] };
const always = (kind: FaultKind): Weather => ({ shares: { [kind]: 1 } });
const askChat = async (weather: Weather, more = {}) =>
  (await serverOf('openai', weather)).ask('/v1/chat/completions', { ...chat, ...more });

describe('a simulated provider', () => {
  it('tells what is left of its requests a minute, as OpenAI does', async () => {
    const { ask } = await serverOf('openai');
    const left = async () => (await ask('/v1/chat/completions', chat)).headers.get('x-ratelimit-remaining-requests');
    expect([await left(), await left()]).toEqual(['9999', '9998']);
  });

  it('is one to the SDK of OpenAI, whole and streamed, with the model that was asked for', async () => {
    const { url } = await serverOf('openai');
    const openai = new OpenAI({ apiKey: 'none', baseURL: `${url}/v1` });
    const whole = await openai.chat.completions.create({ model: 'gpt-5', messages: [{ role: 'user', content: 'Hello' }] });
    expect(whole).toMatchObject({ model: 'gpt-5', choices: [{ message: { content: expect.stringContaining('You said: Hello') } }] });
    expect(whole.usage?.completion_tokens_details?.reasoning_tokens).toBeGreaterThan(0);
    let text = '';
    for await (const event of await openai.chat.completions.create({
      model: 'm',
      messages: [{ role: 'user', content: 'Hello' }],
      stream: true,
    }))
      text += event.choices[0]?.delta.content ?? '';
    expect(text).toBe(whole.choices[0]?.message.content);
  });

  it('calls its tools one after the other, one that failed again, and leaves it when it is told to', async () => {
    const { ask } = await serverOf('openai');
    const tools = ['look', 'try'].map((name) => ({ type: 'function', function: { name } }));
    const called = async (...messages: object[]) => {
      const { text } = await ask('/v1/chat/completions', { ...chat, tools, messages: [...chat.messages, ...messages] });
      return JSON.parse(text).choices[0].message.tool_calls?.[0].function.name;
    };
    const looked = { role: 'tool', content: 'all there' };
    const failed = { role: 'tool', content: 'it failed' };
    expect([await called(), await called(looked), await called(looked, failed, failed)]).toEqual(['look', 'try', 'try']);
    expect(await called(looked, failed, { role: 'user', content: 'Please give it up.' })).toBeUndefined();
  });

  it.each([
    ['rate-limited', 429, 'rate_limit_error'],
    ['quota', 429, 'insufficient_quota'],
    ['overloaded', 503, 'overloaded_error'],
    ['server-error', 500, 'server_error'],
  ] as const)('says by status and code that it is %s', async (kind, status, code) => {
    const answer = await askChat(always(kind));
    expect({ status: answer.status, code: JSON.parse(answer.text).error.code }).toEqual({ status, code });
  });

  it('asks for a wait where there are too many requests', async () => {
    expect((await askChat(always('rate-limited'))).headers.get('retry-after')).toBe('1');
    expect((await askChat(always('long-wait'))).headers.get('retry-after')).toBe('120');
  });

  it.each([{ stream: true }, { stream: false }])('breaks an answer off, or all of it: %j', async (more) => {
    await expect(askChat(always('cut'), more)).rejects.toThrow('terminated');
    await expect(askChat(always('reset'), more)).rejects.toThrow('fetch failed');
  });

  it('ends a stream with an error in it, or says nothing', async () => {
    const { status, text } = await askChat(always('in-band-error'), { stream: true });
    expect({ status, done: text.includes('[DONE]') }).toEqual({ status: 200, done: false });
    expect(text).toContain('overloaded_error');
    expect(JSON.parse((await askChat(always('empty'))).text)).toMatchObject({ choices: [{ message: { content: '' } }] });
  });

  it('closes connections that have served before, and no others', async () => {
    const { url } = await serverOf('openai', always('stale-connection'));
    const pool = new Pool(new URL(url).origin, { connections: 1 });
    onTestFinished(() => pool.close());
    const post = async () => {
      const { statusCode, body } = await pool.request({ method: 'POST', path: '/it/v1/chat/completions', body: JSON.stringify(chat) });
      await body.text();
      return statusCode;
    };
    expect(await post()).toBe(200);
    await expect(post()).rejects.toThrow('other side closed');
    expect(await post()).toBe(200);
  });

  it('fails at the same requests again with the same seed', async () => {
    const statuses = async (seed: number) => {
      const { ask } = await serverOf('openai', { shares: { overloaded: 0.3, 'rate-limited': 0.2 } }, seed);
      const seen: number[] = [];
      for (let at = 0; at < 40; at += 1) seen.push((await ask('/v1/models')).status);
      return seen;
    };
    const once = await statuses(5);
    expect(new Set(once)).toEqual(new Set([200, 429, 503]));
    expect(await statuses(5)).toEqual(once);
    expect(await statuses(6)).not.toEqual(once);
  });
});

describe('the other simulated servers', () => {
  it("speak Anthropic's messages, and their own words for too much to do", async () => {
    const body = { model: 'claude', max_tokens: 9, stream: true, messages: chat.messages };
    const { text } = await (await serverOf('anthropic')).ask('/v1/messages', body);
    expect([...text.matchAll(/^event: (\w+)$/gm)].map(([, name]) => name)).toEqual(
      expect.arrayContaining(['message_start', 'content_block_delta', 'message_delta', 'message_stop']),
    );
    expect((await (await serverOf('anthropic', always('overloaded'))).ask('/v1/messages', body)).status).toBe(529);
  });

  it('have tools that find something, or nothing', async () => {
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'read_page' } };
    expect(JSON.parse((await (await serverOf('mcp')).ask('/mcp', call)).text)).toMatchObject({ id: 1, result: { isError: false } });
    expect(JSON.parse((await (await serverOf('mcp', always('empty'))).ask('/mcp', call)).text)).toMatchObject({
      result: { isError: true },
    });
    expect((await (await serverOf('mcp')).ask('/mcp', { jsonrpc: '2.0', method: 'notifications/initialized' })).status).toBe(202);
  });

  it('know nothing at other paths', async () => {
    const { url } = await serverOf('http');
    expect((await fetch(url.replace(/it$/, 'that'))).status).toBe(404);
  });
});
