import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { containsSecret, redact, redactValue } from '../../src/telemetry/redact.ts';

/** Every way in which a credential is known to turn up in a text; each holds the word `canary`. */
const texts = [
  'authorization: Bearer canary0123',
  'Authorization: Basic Y2FuYXJ5OmNhbmFyeQ== canary',
  'got Bearer canary-token from the agent',
  'x-api-key: canary0123',
  'X-Goog-Api-Key=canary',
  'api-key: canary',
  'cookie: session=canary; other=canary',
  'set-cookie: a="canary"; Path=/',
  'proxy-authorization: Digest username="canary", response="canary"',
  'x-amz-security-token: canary',
  'sec-websocket-protocol: openai-insecure-api-key.canary',
  'GET /v1/models?key=canary&alt=sse failed',
  'GET /v1/models?alt=sse&api_key=canary failed',
  'https://x/y?access_token=canary#fragment',
  'connect to https://user:canary@llm.example.org/v1',
  'redis://:canary@127.0.0.1:6379',
  'key sk-canary0123456789 is wrong',
  'key sk-ant-api03-canary_0123 is wrong',
  'sk_live_canary0123',
  'ghp_canary0123456789abcdef',
  'xoxb-canary-0123456789',
  'https://hooks.slack.com/services/T0/B0/canary',
  'eyJhbGciOiJIUzI1NiJ9.canary.canary',
  'AWS4-HMAC-SHA256 Credential=AKIACANARYCANARYCANA/20260101, Signature=0123456789abcdefcanary'.replace('abcdefcanary', 'abcdef'),
];

describe('redact', () => {
  test.each(texts)('takes the credential out of: %s', (text) => {
    expect(redact(text).toLowerCase()).not.toContain('canary');
    expect(JSON.stringify(redactValue({ msg: [text] })).toLowerCase()).not.toContain('canary');
  });

  test.each([
    { authorization: 'Bearer canary' },
    { headers: { Cookie: 'a="canary"; b=\\canary' } },
    { headers: { 'set-cookie': ['a=canary', 'b=[canary]"canary"'] } },
    { rawHeaders: ['Host', 'x', 'X-Api-Key', 'canary', 'Accept', 'kept'] },
    { err: { message: 'a\nauthorization: canary\nkept' } },
    { body: JSON.stringify({ 'x-api-key': 'canary', more: 'x' }) },
    { body: JSON.stringify({ body: JSON.stringify({ authorization: 'canary' }) }) },
    { token: 'canary', password: 'canary', clientSecret: 'canary', access_token: 'canary' },
    { list: ['x-api-key', ['canary'], 'kept'] },
  ])('takes the credential out of a value: %j', (value) => {
    const copy = redactValue({ before: 'kept', value, after: 'kept' });
    expect(JSON.stringify(copy)).not.toContain('canary');
    expect(copy).toMatchObject({ before: 'kept', after: 'kept' });
  });

  test('keeps what stands beside a credential', () => {
    expect(redactValue(['Host', 'x', 'X-Api-Key', 'canary', 'Accept', 'y', 1, null])).toEqual([
      'Host',
      'x',
      'X-Api-Key',
      '***',
      'Accept',
      'y',
      1,
      null,
    ]);
    expect(redact('first\ncookie: canary\nlast')).toBe('first\ncookie: ***\nlast');
    expect(redact('GET https://a:canary@host/v1?key=canary&alt=sse')).toBe('GET https://***@host/v1?key=***&alt=sse');
  });

  test.each([
    'exchange ended after 12 ms',
    'openai/gpt-5;verdict=overloaded;ms=1203, local/llama3;verdict=ok;ms=802',
    'task-runner asked risk-averse-planner',
    'https://llm.example.org/v1/chat/completions?stream=true',
    'mail to oncall@example.org',
    'the token count is 12',
    '{"requestBytes":12,"agent":"planner","ledger":"","route":"/openai"}',
  ])('leaves what is no credential: %s', (text) => {
    expect(redact(text)).toBe(text);
  });

  test('has nothing left to take out of what it has been through', () => {
    const word = fc.constantFrom(
      'authorization',
      'cookie',
      'Bearer',
      'sk-0123456789',
      '?key=',
      '"',
      '\\',
      '\n',
      ':',
      ' ',
      'x',
      '@',
      '://',
      'https',
    );
    const text = fc.array(fc.oneof(word, fc.string()), { maxLength: 12 }).map((words) => words.join(''));
    fc.assert(
      fc.property(text, (any) => {
        const once = redact(any);
        expect(redact(once)).toBe(once);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    'a',
    'a.',
    'authorization',
    'authorization:',
    '"authorization":',
    'https://',
    '://@',
    '?key=',
    'sk-',
    'Bearer ',
    '\\"',
    '"authorization":["',
    'eyJ',
  ])('takes time in proportion to the length, also for %j again and again', (unit) => {
    const timed = (length: number) => {
      const text = unit.repeat(Math.ceil(length / unit.length));
      const startedAt = performance.now();
      redact(text);
      return performance.now() - startedAt;
    };
    timed(50_000);
    // A quadratic rule would take seconds for it.
    expect(timed(500_000)).toBeLessThan(1000);
  });
});

test('containsSecret knows a key by its shape and leaves names of models alone', () => {
  expect(containsSecret('sk-proj-0123456789')).toBe(true);
  for (const model of ['gpt-5-mini', 'claude-opus-5', 'meta-llama/Llama-3.1-8B-Instruct:free', 'gemini-2.5-pro', 'o3']) {
    expect(containsSecret(model)).toBe(false);
  }
});
