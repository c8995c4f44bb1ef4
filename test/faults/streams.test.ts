import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { chat, eventStream } from '../clients/events.ts';
import { statusOf, valuesOf } from '../kit/http-message.ts';
import { chunk, http } from '../kit/http-text.ts';
import type { UpstreamConnection } from '../kit/raw-upstream.ts';
import { resources } from '../kit/resources.ts';
import { within } from '../kit/timing.ts';
import { begun } from '../policies-e2e/faults.ts';
import { saying, streaming, textOf, toldBy } from '../policies-e2e/kit.ts';
import { chatCall, faulty, stage } from './kit.ts';

const retry = { attempts: 3, backoff: { base: '1ms' } };
const bulkhead = { concurrent: 1, queue: 0 };

/** Sends a comment every few milliseconds until the connection ends. */
const comments = (connection: UpstreamConnection) => {
  const timer = setInterval(() => connection.send(chunk(': still here\n\n')), 10);
  void connection.ended.then(() => clearInterval(timer));
};

describe('a stream that the agent has begun to read, and whose upstream', () => {
  const ends: [string, (connection: UpstreamConnection) => void][] = [
    ['resets the connection', (connection) => connection.reset()],
    ['closes the connection', (connection) => connection.halfClose()],
    ['goes silent', () => {}],
    ['sends comments alone', comments],
  ];

  test.each(ends)('%s, gets an error event and no end, is not made again, and counts once against the upstream', async (_, fails) => {
    const going = Promise.withResolvers<void>();
    const main = faulty(async (connection) => {
      connection.send(begun);
      await going.promise;
      fails(connection);
      return undefined;
    });
    const policy = {
      retry,
      bulkhead,
      circuitBreaker: { failures: 1 },
      timeout: { idle: '150ms' },
      degrade: {},
      fallback: [{ upstream: 'spare' }],
    };
    const it = await stage({ main, policy });
    const agent = await it.agent(chatCall(true));
    await agent.seen('begun');
    going.resolve();
    const answer = await within(1_000, agent.response(), 'the end');
    expect([textOf(answer), answer.whole, answer.body.includes('"error"'), answer.body.includes('[DONE]')]).toEqual([
      'begun',
      false,
      true,
      false,
    ]);
    expect([it.main.requests.length, it.spare.requests.length]).toEqual([1, 0]);
    const counted = await it.aftermath({ 'upstream-error': 1 }, 'elsewhere');
    expect(counted('streams_broken_total{upstream="main"}')).toBe(1);
    expect(counted('circuit_state{upstream="main"}')).toBe(2);
  });
});

describe('a stream that has brought no content, and whose upstream', () => {
  const ends: [string, (connection: UpstreamConnection) => void][] = [
    ['resets the connection', (connection) => setTimeout(() => connection.reset(), 20)],
    ['goes silent', () => {}],
    ['sends comments alone', comments],
  ];

  test.each(ends)('%s, is made again unseen', async (_, fails) => {
    const main = faulty((connection, asked) => {
      connection.send(asked === 0 ? eventStream + chat.role : streaming('at last'));
      if (asked > 0) return 'next';
      fails(connection);
      return undefined;
    });
    const policy = { retry, bulkhead, circuitBreaker: { failures: 2 }, timeout: { firstByte: '150ms' } };
    const it = await stage({ main, policy });
    const answer = await within(2_000, (await it.agent(chatCall(true))).response(), 'the end');
    expect([...toldBy(answer), answer.whole, answer.body.split('"role"').length]).toEqual([200, 'at last', true, 2]);
    const counted = await it.aftermath({ retried: 1 });
    expect(counted('streams_broken_total{upstream="main"}')).toBe(0);
  });
});

test('an agent that reads slowly is not taken for a silent upstream, and keeps its place until it has read all', async () => {
  const text = 'x'.repeat(20_000_000);
  const main = faulty((connection) => {
    connection.send(http(['HTTP/1.1 200 OK', 'Content-Type: application/octet-stream', `Content-Length: ${text.length}`], text));
    return 'next';
  });
  const policy = { retry, bulkhead, circuitBreaker: { failures: 1 }, timeout: { idle: '100ms' } };
  const it = await stage({ main, upstream: { dialect: 'http' }, policy });
  const agent = await it.agent(chatCall());
  agent.socket.pause();
  await new Promise((resolve) => setTimeout(resolve, 500));
  const refused = await (await it.agent(chatCall())).response();
  expect(statusOf(refused)).toBe(503);
  agent.socket.resume();
  const answer = await agent.response();
  expect([answer.whole, answer.body.length]).toEqual([true, text.length]);
  await it.aftermath({ ok: 1, refused: 1 });
});

test('a gzip bomb passes as it came, is not held against the upstream, and costs no more than its own bytes', async () => {
  const bomb = gzipSync(Buffer.from(saying('x'.repeat(300_000_000)).split('\r\n\r\n')[1]!, 'latin1'));
  const fields = ['Content-Type: application/json', 'Content-Encoding: gzip', `Content-Length: ${bomb.length}`];
  const main = faulty((connection) => {
    connection.send(http(['HTTP/1.1 200 OK', ...fields], bomb.toString('latin1')));
    return 'next';
  });
  const it = await stage({ main, policy: { retry, bulkhead, circuitBreaker: { failures: 1 } } });
  const before = await resources();
  const peak = process.resourceUsage().maxRSS;
  const answer = await within(5_000, (await it.agent(chatCall())).response(), 'the answer');
  expect([statusOf(answer), valuesOf(answer, 'content-encoding')[0], answer.whole]).toEqual([200, 'gzip', true]);
  expect(Buffer.from(answer.body, 'latin1').equals(bomb)).toBe(true);
  expect((process.resourceUsage().maxRSS - peak) * 1024).toBeLessThan(64_000_000);
  expect((await resources()).heapBytes - before.heapBytes).toBeLessThan(16_000_000);
  await it.aftermath({ ok: 1 });
});
