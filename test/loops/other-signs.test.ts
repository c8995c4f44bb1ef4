import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { anthropicAt, ask } from '../clients/anthropic.ts';
import { chat, eventStream, messages } from '../clients/events.ts';
import { openaiAt, say } from '../clients/openai.ts';
import { drain } from '../clients/told.ts';
import { lastChunk } from '../kit/http-text.ts';
import { answer, rawUpstream } from '../kit/raw-upstream.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';
import { busy, inTurn, json, saying } from '../policies-e2e/kit.ts';
import { chatAgent, clients, step } from './agents.ts';
import { loopsOf, model, resume, urlOf, watched } from './kit.ts';

describe('an outage', () => {
  const unavailable = answer(json('503 Service Unavailable', { error: { message: 'busy' } }, 'retry-after-ms: 1'));
  const retry = { attempts: 3, backoff: { base: '1ms', max: '1ms' }, budget: { minimum: 1000 } };
  const cases = clients.flatMap((client) => [
    { client, policy: {}, by: 'its harness' },
    { client, policy: { retry }, by: 'its harness and the proxy' },
  ]);

  test.each(cases)('is no loop of $client.0, whose requests are sent again by its SDK and $by', async ({ client, policy }) => {
    const [, dialect, agentAt] = client;
    const main = await rawUpstream(unavailable);
    const product = await watched(main.url, dialect, { action: 'pause' }, { policy });
    const agent = agentAt(urlOf(product), { maxRetries: 3 });
    expect(await agent.take(step({ command: 'ls' }, 'nothing'))).toBe(503);
    for (let again = 0; again < 19; again += 1) expect(await agent.again()).toBe(503);
    expect(main.requests.length).toBeGreaterThanOrEqual('retry' in policy ? 60 : 20);
    expect(await loopsOf(product)).toEqual({});
  });
});

describe('the same request again', () => {
  const body = say('hello');

  test('after each good answer is a storm, told at the fifth and not acted on', async () => {
    const product = await watched((await model()).url, 'openai', { action: 'pause' });
    const client = openaiAt({ url: urlOf(product) });
    for (let sent = 1; sent <= 9; sent += 1) {
      await client.chat.completions.create(body);
      expect(await loopsOf(product)).toEqual(sent < 5 ? {} : { 'storm warn': 1 });
    }
    await client.chat.completions.create(body);
    expect(await loopsOf(product)).toEqual({ 'storm warn': 2 });
  });

  test('after failures or with another seed is none', async () => {
    const main = await rawUpstream(inTurn(busy, busy, busy, busy, busy, busy, saying('hello')));
    const product = await watched(main.url, 'openai', { action: 'pause' });
    const client = openaiAt({ url: urlOf(product) }, { maxRetries: 0 });
    for (let sent = 0; sent < 6; sent += 1) await expect(client.chat.completions.create(body)).rejects.toMatchObject({ status: 503 });
    for (let sent = 0; sent < 4; sent += 1) await client.chat.completions.create(body);
    expect(await loopsOf(product)).toEqual({});
    for (let seed = 10; seed < 20; seed += 1) await client.chat.completions.create({ ...say('other'), seed });
    expect(await loopsOf(product)).toEqual({});
  });

  test('while others are under way is none', async () => {
    let asked = 0;
    const all = Promise.withResolvers<void>();
    const main = await rawUpstream(async (connection) => {
      await connection.request();
      asked += 1;
      if (asked === 8) all.resolve();
      await all.promise;
      connection.send(saying('hello'));
    });
    const product = await watched(main.url, 'openai', { action: 'pause' });
    const client = openaiAt({ url: urlOf(product) });
    await Promise.all(Array.from({ length: 8 }, () => client.chat.completions.create(body)));
    expect(await loopsOf(product)).toEqual({});
  });
});

const passage = 'I am sorry, I will try that again. ';
const streamed = (text: (piece: string) => string, before: string, after: string) =>
  answer(`${eventStream}${before}${text('Let me see. ')}${text(passage).repeat(60)}${after}${lastChunk}`);
const chatLoop = streamed(chat.text, chat.role, chat.stop + chat.done);
const messageLoop = streamed(messages.text, messages.start + messages.block, messages.blockEnd + messages.stop + messages.end);

describe('a streamed answer that repeats one passage', () => {
  test('is told once, and passes', async () => {
    const product = await watched((await rawUpstream(chatLoop)).url, 'openai', {});
    const { events, error } = await drain(await openaiAt({ url: urlOf(product) }).chat.completions.create({ ...say('x'), stream: true }));
    expect([events.length, error]).toEqual([63, undefined]);
    expect(await loopsOf(product)).toEqual({ 'stream warn': 1 });
  });

  test('is broken off in the caller’s format where that is configured', async () => {
    const chats = await watched((await rawUpstream(chatLoop)).url, 'openai', { stream: 'abort' });
    const one = await drain(await openaiAt({ url: urlOf(chats) }).chat.completions.create({ ...say('x'), stream: true }));
    expect(one.events.length).toBeLessThan(62);
    expect(one.error).toMatchObject({ code: 'repetitive_answer', message: expect.stringContaining('repeating one passage') as string });
    expect(await loopsOf(chats)).toEqual({ 'stream abort': 1 });
    const texts = await watched((await rawUpstream(messageLoop)).url, 'anthropic', { stream: 'abort' });
    const two = await drain(anthropicAt({ url: urlOf(texts) }, { maxRetries: 0 }).messages.stream(ask('x')));
    expect(two.events.length).toBeGreaterThan(20);
    expect(String((two.error as Error).message)).toContain('repeating one passage');
  });

  test('is left alone where it says new things', async () => {
    const pieces = Array.from({ length: 300 }, (_, at) => chat.text(`${at} sheep, then `)).join('');
    const main = await rawUpstream(answer(eventStream + chat.role + pieces + chat.stop + chat.done + lastChunk));
    const product = await watched(main.url, 'openai', { stream: 'abort' });
    const { events } = await drain(await openaiAt({ url: urlOf(product) }).chat.completions.create({ ...say('x'), stream: true }));
    expect(events).toHaveLength(302);
    expect(await loopsOf(product)).toEqual({});
  });
});

describe('a cap', () => {
  const work = (at: number) => step({ path: `f${at}` }, `content of ${at}`);

  test('of rounds is told at 80 %, and pauses at 100 % again and again, whoever approves', async () => {
    const product = await watched((await model()).url, 'openai', { action: 'pause', caps: { rounds: 10 } });
    const agent = chatAgent(urlOf(product), { headers: { 'x-outrigger-agent': 'planner' } });
    for (let at = 1; at <= 9; at += 1) expect(await agent.take(work(at))).toBe('ok');
    expect(await loopsOf(product)).toEqual({ 'cap warn': 1 });
    expect(await agent.take(work(10))).toBe(423);
    expect(await resume(product, 'planner')).toBe(200);
    expect(await agent.say('go on')).toBe(423);
    expect(await loopsOf(product)).toEqual({ 'cap warn': 1, 'cap pause': 2 });
  });

  test('of tokens and of cost counts what the answers have cost', async () => {
    const file = join(temporaryDirectory(), 'prices.yml');
    // In dollars for a million tokens.
    writeFileSync(file, 'checked: 2026-11-01\nprices: [ { models: [gpt-x], input: 1000, output: 1000 } ]\n');
    const prices = { telemetry: { prices: file } };
    const caps = { tokens: 500, costUsd: 1 };
    const main = await rawUpstream(
      answer(
        json('200 OK', {
          id: 'c',
          object: 'chat.completion',
          model: 'gpt-x',
          choices: [{ index: 0, message: { role: 'assistant', content: 'ok' }, finish_reason: 'stop' }],
          usage: { prompt_tokens: 90, completion_tokens: 10, total_tokens: 100 },
        }),
      ),
    );
    const product = await watched(main.url, 'openai', { action: 'pause', caps }, prices);
    const agent = chatAgent(urlOf(product));
    // 100 tokens and 0.10 dollars a call.
    for (let at = 0; at < 5; at += 1) expect(await agent.take(work(at))).toBe('ok');
    expect(await agent.take(work(5))).toBe(423);
    const dear = await watched(main.url, 'openai', { action: 'pause', caps: { costUsd: 0.25 } }, prices);
    const other = chatAgent(urlOf(dear));
    for (let at = 0; at < 3; at += 1) expect(await other.take(work(at))).toBe('ok');
    expect(await other.take(work(3))).toBe(423);
  });
});
