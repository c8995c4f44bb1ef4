import type { FixtureOpts, FixtureResponse } from '@copilotkit/aimock';
import { describe, expect, test } from 'vitest';
import { rawUpstream } from '../kit/raw-upstream.ts';
import { sidecarFor } from '../kit/start-sidecar.ts';
import { within } from '../kit/timing.ts';
import { anthropicAt, ask } from './anthropic.ts';
import { provider, throughSidecar, type Way } from './both-ways.ts';
import { chat, eventStream } from './events.ts';
import { openaiAt, say } from './openai.ts';
import { policies } from './policies.ts';
import { tell } from './told.ts';

const always = (response: FixtureResponse, options: FixtureOpts = {}) => [{ match: { userMessage: 'hello' }, response, ...options }];
const error = (status: number, type: string): FixtureResponse => ({ error: { message: 'not now', type }, status, retryAfter: 0.01 });

// Both with the two retries that they make by default.
const clients = [
  { client: 'the OpenAI SDK', dialect: 'openai', call: (way: Way) => openaiAt(way).chat.completions.create(say('hello')) },
  { client: 'the Anthropic SDK', dialect: 'anthropic', call: (way: Way) => anthropicAt(way).messages.create(ask('hello')) },
];

describe.each(clients)('what the sidecar has retried in vain, $client does not retry', ({ dialect, call }) => {
  test.each([
    [429, 'rate_limit_error'],
    [500, 'api_error'],
    [503, 'server_error'],
    [529, 'overloaded_error'],
  ])('an answer of %i, which it gets as the provider gave it', async (status, type) => {
    const upstream = await provider(always(error(status, type)));
    const told = await tell(async () => call(await throughSidecar(upstream, dialect, policies)));
    expect(told).toMatchObject({ error: { status, type } });
    expect(JSON.stringify(told)).toContain('not now');
    expect((told as { error: { headers: unknown } }).error.headers).toContainEqual(['x-should-retry', 'false']);
    expect(upstream.requests).toHaveLength(policies.retry.attempts);
  });

  test('a connection that breaks', async () => {
    const upstream = await provider(always(error(500, 'api_error'), { chaos: { disconnectRate: 1 } }));
    const told = await tell(async () => call(await throughSidecar(upstream, dialect, policies)));
    expect(told).toMatchObject({ error: { status: 502 } });
    expect(JSON.stringify(told)).toContain('upstream_unreachable');
    expect(upstream.requests).toHaveLength(policies.retry.attempts);
  });

  test('unless the sidecar is told to let it', async () => {
    const upstream = await provider(always(error(429, 'rate_limit_error')));
    const settings = { upstream: { dialect }, policy: { ...policies, retry: { ...policies.retry, attempts: 2 } }, clientRetries: 'allow' };
    const { proxy } = await sidecarFor(upstream, settings);
    expect(await tell(() => call({ url: `http://127.0.0.1:${proxy.port}` }))).toMatchObject({ error: { status: 429 } });
    expect(upstream.requests).toHaveLength(2 * 3);
  });

  test.each([
    [400, 'invalid_request_error'],
    [401, 'authentication_error'],
    [404, 'not_found_error'],
  ])('and an answer of %i nobody retries', async (status, type) => {
    const upstream = await provider(always(error(status, type)));
    const told = await tell(async () => call(await throughSidecar(upstream, dialect, policies)));
    expect(told).toMatchObject({ error: { status, type } });
    expect(upstream.requests).toHaveLength(1);
  });

  test('a provider that is silent', async () => {
    const upstream = await rawUpstream(async (connection) => void (await connection.request()));
    const patience = { ...policies, timeout: { answer: '60ms' }, retry: { ...policies.retry, attempts: 2 } };
    const told = await tell(async () => call(await throughSidecar(upstream, dialect, patience)));
    expect(told).toMatchObject({ error: { status: 504 } });
    expect(JSON.stringify(told)).toContain('upstream_timeout');
    expect(upstream.requests).toHaveLength(2);
  });

  test('a call that an open circuit refuses', async () => {
    const upstream = await provider(always(error(503, 'server_error')));
    const way = await throughSidecar(upstream, dialect, { ...policies, circuitBreaker: { failures: 3 } });
    expect(await tell(() => call(way))).toMatchObject({ error: { status: 503 } });
    expect(upstream.requests).toHaveLength(3);
    const refused = await tell(() => call(way));
    expect(refused).toMatchObject({ error: { status: 503 } });
    expect(JSON.stringify(refused)).toContain('circuit_open');
    const { headers } = (refused as { error: { headers: [string, string][] } }).error;
    expect(headers).toContainEqual(['x-should-retry', 'false']);
    expect(headers.map(([name]) => name)).toContain('retry-after');
    expect(upstream.requests).toHaveLength(3);
  });
});

test('a call that finds no place is refused, and the next one served once the stream that held it has ended', async () => {
  const upstream = await rawUpstream(async (connection) => {
    while ((await connection.request())?.whole) connection.send(eventStream + chat.text('Hel'));
  });
  const client = openaiAt(await throughSidecar(upstream, 'openai', { ...policies, bulkhead: { concurrent: 1, queue: 0 } }));
  const stream = await client.chat.completions.create({ ...say('hello'), stream: true });
  const refused = await tell(() => client.chat.completions.create(say('hello')));
  expect(refused).toMatchObject({ error: { class: 'InternalServerError', status: 503, code: 'bulkhead_full' } });
  expect(upstream.requests).toHaveLength(1);
  stream.controller.abort();
  await within(2_000, (await upstream.connection()).ended, 'the end of the stream');
  const next = await client.chat.completions.create({ ...say('hello'), stream: true });
  next.controller.abort();
  expect(upstream.requests).toHaveLength(2);
});
