import { describe, expect, test } from 'vitest';
import { sameBothWays } from './both-ways.ts';
import { envelope, openaiAt, say } from './openai.ts';

const failing = (status: number, type: string, code?: string, retryAfter?: number) => ({
  match: { userMessage: 'hello' },
  response: {
    error: { message: `failed with ${status}`, type, ...(code !== undefined && { code }) },
    status,
    ...(retryAfter && { retryAfter }),
  },
});
const lengthy = { content: 'one two three four five six seven eight', ...envelope };

describe('the OpenAI SDK throws through the sidecar what it throws directly', () => {
  test.each([
    ['BadRequestError', failing(400, 'invalid_request_error', 'context_length_exceeded'), 1],
    ['PermissionDeniedError', failing(403, 'invalid_request_error', 'unsupported_country'), 1],
    ['NotFoundError', failing(404, 'invalid_request_error', 'model_not_found'), 1],
    ['UnprocessableEntityError', failing(422, 'invalid_request_error'), 1],
    // Its own retries reach the provider too: two, where the wait is as short as the provider says.
    ['RateLimitError', failing(429, 'rate_limit_error', 'rate_limit_exceeded', 0.01), 3],
  ])('%s', async (name, fixture, requests) => {
    const sent = await sameBothWays({
      dialect: 'openai',
      fixtures: [fixture],
      use: (way) => openaiAt(way).chat.completions.create(say('hello')),
    });
    const { status, error } = fixture.response;
    expect(sent.told).toMatchObject({ error: { class: name, status, type: error.type, error: { message: error.message } } });
    expect(sent.requests).toHaveLength(requests);
  });

  test.each([500, 503, 529])('InternalServerError for %i, after its own retry', async (status) => {
    const { told, requests } = await sameBothWays({
      dialect: 'openai',
      fixtures: [failing(status, 'server_error')],
      use: (way) => openaiAt(way, { maxRetries: 1 }).chat.completions.create(say('hello')),
    });
    expect(told).toMatchObject({ error: { class: 'InternalServerError', status, type: 'server_error' } });
    expect(requests).toHaveLength(2);
  });

  test('AuthenticationError for a wrong key', async () => {
    const use = (apiKey: string) =>
      sameBothWays({
        dialect: 'openai',
        fixtures: [{ match: { userMessage: 'hello' }, response: lengthy }],
        options: { auth: { apiKeys: ['sk-right'] } },
        use: (way) => openaiAt(way, { apiKey }).chat.completions.create(say('hello')),
      });
    expect((await use('sk-wrong')).told).toMatchObject({ error: { class: 'AuthenticationError', status: 401, code: 'invalid_api_key' } });
    expect((await use('sk-right')).told).toMatchObject({ value: { choices: [{ message: { content: lengthy.content } }] } });
  });

  test('an error of the parser where a 200 is no JSON', async () => {
    const fixture = { match: { userMessage: 'hello' }, response: lengthy, chaos: { malformedRate: 1 } };
    const { told, requests } = await sameBothWays({
      dialect: 'openai',
      fixtures: [fixture],
      use: (way) => openaiAt(way).chat.completions.create(say('hello')),
    });
    expect(told).toMatchObject({ error: { class: 'SyntaxError' } });
    expect(requests).toHaveLength(1);
  });

  test('APIConnectionTimeoutError where the provider is slower than the client waits', async () => {
    const fixture = { match: { userMessage: 'hello' }, response: lengthy, chaos: { latencyMs: 30_000 } };
    const { told, requests } = await sameBothWays({
      dialect: 'openai',
      fixtures: [fixture],
      use: (way) => openaiAt(way, { timeout: 100, maxRetries: 0 }).chat.completions.create(say('hello')),
    });
    expect(told).toMatchObject({ error: { class: 'APIConnectionTimeoutError' } });
    expect(requests).toHaveLength(1);
  });
});
