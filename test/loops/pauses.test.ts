import { describe, expect, test } from 'vitest';
import { anthropicAt, ask as askAnthropic } from '../clients/anthropic.ts';
import { chat, eventStream } from '../clients/events.ts';
import { contents, geminiAt } from '../clients/gemini.ts';
import { openaiAt, say } from '../clients/openai.ts';
import { lastChunk } from '../kit/http-text.ts';
import { rawUpstream } from '../kit/raw-upstream.ts';
import { sidecar } from '../kit/start-sidecar.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';
import { eventually } from '../kit/timing.ts';
import { inTurn, saying } from '../policies-e2e/kit.ts';
import { chatAgent, step } from './agents.ts';
import { loopsOf, model, resume, urlOf, watched } from './kit.ts';

const a = step({ command: 'ls' }, 'nothing');
const planner = { headers: { 'x-outrigger-agent': 'planner' } };

async function pause({ admin }: { admin: { host: string; port: number } }, agent: string): Promise<number> {
  const url = `http://${admin.host}:${admin.port}/api/agents/${encodeURIComponent(agent)}/pause`;
  const { status } = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"reason":"lunch"}' });
  return status;
}

/** An agent that a loop has had paused, and how to start the sidecar again with what it knew. */
async function pausedByLoop() {
  const { url } = await model();
  const state = { dir: temporaryDirectory() };
  const start = () => watched(url, 'openai', { action: 'pause' }, { state });
  const first = await start();
  const agent = chatAgent(urlOf(first), planner);
  for (const one of [a, a, a]) expect(await agent.take(one)).toBe('ok');
  expect(await agent.take(a)).toBe(423);
  return { start, first, agent };
}

describe('a paused agent', () => {
  test('is refused once by clients that would retry, in their own formats', async () => {
    const main = await rawUpstream(inTurn(saying('hello')));
    const upstreams = Object.fromEntries(['openai', 'anthropic', 'gemini', 'mcp'].map((name) => [name, { url: main.url, dialect: name }]));
    const routes = Object.keys(upstreams).map((name) => ({ path: `/${name}`, upstream: name, policy: 'llm' }));
    const product = await sidecar({ state: { dir: temporaryDirectory() }, upstreams, policies: { llm: { retry: {} } }, routes });
    const url = `http://${product.proxy.host}:${product.proxy.port}`;
    expect(await pause(product, 'default')).toBe(200);
    let sent = 0;
    const counting: typeof fetch = (...given) => {
      sent += 1;
      return fetch(...given);
    };
    const told = { status: 423, headers: expect.anything() as unknown };
    await expect(openaiAt({ url: `${url}/openai` }, { fetch: counting }).chat.completions.create(say('hello'))).rejects.toMatchObject({
      ...told,
      code: 'agent_paused',
      message: expect.stringMatching(
        /The agent default is paused since 20.*because a person stopped it: lunch.*outrigger resume default/,
      ) as string,
    });
    expect(sent).toBe(1);
    await expect(
      anthropicAt({ url: `${url}/anthropic` }, { fetch: counting }).messages.create(askAnthropic('hello')),
    ).rejects.toMatchObject({
      ...told,
      error: { type: 'error', error: { message: expect.stringContaining('is paused') as string } },
    });
    expect(sent).toBe(2);
    await expect(geminiAt({ url: `${url}/gemini` }).models.generateContent(contents('hello'))).rejects.toMatchObject({ status: 423 });
    const call = { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'look', arguments: {} } };
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    const answer = await fetch(`${url}/mcp`, { method: 'POST', headers, body: JSON.stringify(call) });
    expect([answer.status, answer.headers.get('x-should-retry')]).toEqual([423, 'false']);
    expect(await answer.json()).toMatchObject({ jsonrpc: '2.0', id: 7, error: { data: { code: 'agent_paused' } } });
    expect(main.requests).toHaveLength(0);
  });

  test('is answered in words where degrade has words for it', async () => {
    const policy = { degrade: { messages: { paused: ['I have stopped for now.'] } } };
    const product = await watched((await model()).url, 'openai', {}, { policy });
    await pause(product, 'default');
    const answer = await openaiAt({ url: urlOf(product) }).chat.completions.create(say('hello'));
    expect(answer.choices[0]?.message.content).toBe('I have stopped for now.');
  });

  test('has its stream to the end', async () => {
    const main = await rawUpstream(async (connection) => {
      await connection.request();
      connection.send(eventStream + chat.role + chat.text('one '));
      await proceed.promise;
      connection.send(chat.text('two') + chat.stop + chat.done + lastChunk);
    });
    const proceed = Promise.withResolvers<void>();
    const product = await watched(main.url, 'openai', {});
    const stream = await openaiAt({ url: urlOf(product) }).chat.completions.create({ ...say('hello'), stream: true });
    let text = '';
    for await (const { choices } of stream) {
      text += choices[0]?.delta.content ?? '';
      if (text !== 'one ') continue;
      expect(await pause(product, 'default')).toBe(200);
      proceed.resolve();
    }
    expect(text).toBe('one two');
    expect(await chatAgent(urlOf(product)).say('more')).toBe(423);
  });

  test('stays so after a restart, and goes on when it is let', async () => {
    const { start, first } = await pausedByLoop();
    await first.stop();
    const second = await start();
    const same = chatAgent(urlOf(second), planner);
    expect(await same.say('hello')).toBe(423);
    expect(await resume(second, 'planner')).toBe(200);
    expect(await same.say('hello')).toBe('ok');
  });

  test.each([
    ['before the restart', true],
    ['after it', false],
  ])('that was let go on %s is not paused again for the loop that still stands in its history', async (_, before) => {
    const { start, first, agent } = await pausedByLoop();
    if (before) expect(await resume(first, 'planner', 'Try pwd.')).toBe(200);
    await first.stop();
    const second = await start();
    if (!before) expect(await resume(second, 'planner', 'Try pwd.')).toBe(200);
    agent.moveTo(urlOf(second));
    expect(await agent.again()).toBe('ok');
    // Known for a loop that was let go on: two rounds more are enough.
    expect([await agent.take(a), await agent.take(a)]).toEqual(['ok', 423]);
  });

  test('is no other caller’s agent, whatever that calls itself', async () => {
    const product = await watched((await model()).url, 'openai', { action: 'pause' });
    const forger = chatAgent(urlOf(product), { ...planner, key: 'sk-other' });
    for (const one of [a, a, a]) expect(await forger.take(one)).toBe('ok');
    expect(await forger.take(a)).toBe(423);
    expect(await chatAgent(urlOf(product), planner).take(a)).toBe('ok');
  });

  test('gives the note of the person who let it go on to its model, once', async () => {
    const main = await model();
    const product = await watched(main.url, 'openai', { action: 'pause' });
    const agent = chatAgent(urlOf(product), planner);
    for (const one of [a, a, a, a]) await agent.take(one);
    expect(await resume(product, 'planner', 'The file is in /tmp.')).toBe(200);
    const other = chatAgent(urlOf(product), { headers: { 'x-outrigger-agent': 'writer' } });
    expect([await other.say('hello'), await agent.say('go on'), await agent.take(step({ command: 'cat' }, 'x'))]).toEqual([
      'ok',
      'ok',
      'ok',
    ]);
    const noted = main.requests.map(({ body }) => body.includes('The file is in /tmp.'));
    expect(noted.slice(-3)).toEqual([false, true, false]);
    expect(main.requests.at(-2)?.body).toContain(
      '[Note by the proxy Outrigger, not by the user: A person let you go on after a pause and says:',
    );
  });
});

describe('two callers', () => {
  test('with the same session and the same prompts are judged each by itself', async () => {
    const product = await watched((await model()).url, 'openai', { action: 'pause' });
    const session = { headers: { 'x-outrigger-session': 'one' } };
    const [mine, other] = [chatAgent(urlOf(product), session), chatAgent(urlOf(product), { ...session, key: 'sk-other' })];
    for (const one of [a, a, a]) expect([await mine.take(one), await other.take(one)]).toEqual(['ok', 'ok']);
    expect(await loopsOf(product)).toEqual({ 'repeat warn': 2 });
  });
});

test('in observe mode a loop is told as what would have been, and nothing is done', async () => {
  const product = await watched((await model()).url, 'openai', { action: 'pause', observe: true });
  const agent = chatAgent(urlOf(product));
  for (let round = 0; round < 6; round += 1) expect(await agent.take(a)).toBe('ok');
  expect(await loopsOf(product)).toEqual({});
  const { admin } = product;
  await eventually('it is counted', async () => {
    const text = await (await fetch(`http://${admin.host}:${admin.port}/metrics`)).text();
    return /would_total\{[^}]*loop-detected[^}]*\} [1-9]/.test(text);
  });
});

test('a nudge is put before the model once, and is not taken for a word of the user', async () => {
  const main = await model();
  const product = await watched(main.url, 'openai', { action: 'nudge' });
  const agent = chatAgent(urlOf(product));
  for (let round = 0; round < 8; round += 1) expect(await agent.take(a)).toBe('ok');
  const nudged = main.requests.map(({ body }) => body.includes('You seem to go in circles'));
  expect(nudged).toEqual([false, false, false, true, false, false, false, true]);
  expect(await loopsOf(product)).toEqual({ 'repeat warn': 1, 'repeat nudge': 2 });
});
