import { expect, test } from 'vitest';
import { http, ok } from '../kit/http-text.ts';
import { answer, rawUpstream } from '../kit/raw-upstream.ts';
import { throughSidecar } from './both-ways.ts';
import { contents, geminiAt } from './gemini.ts';
import { policies } from './policies.ts';
import { tell } from './told.ts';

const good = ok('{"candidates":[{"content":{"parts":[{"text":"Hi"}]},"finishReason":"STOP"}]}', 'Content-Type: application/json');

/** A 429 as Google sends it. */
const limited = (quotaId: string, retryDelay: string) => {
  const details = [{ violations: [{ quotaId }] }, { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay }];
  const body = JSON.stringify({ error: { code: 429, message: 'You exceeded your current quota.', status: 'RESOURCE_EXHAUSTED', details } });
  return http(['HTTP/1.1 429 Too Many Requests', 'Content-Type: application/json', `Content-Length: ${body.length}`], body);
};

test('the sidecar waits as long as an error of Google says in its body', async () => {
  const upstream = await rawUpstream(answer((_, index) => (index === 0 ? limited('GenerateRequestsPerMinute', '0.4s') : good)));
  const way = await throughSidecar(upstream, 'gemini', policies);
  const startedAt = performance.now();
  expect((await geminiAt(way).models.generateContent(contents('hello'))).text).toBe('Hi');
  expect(performance.now() - startedAt).toBeGreaterThan(390);
  expect(upstream.requests).toHaveLength(2);
});

test('the sidecar does not ask again where the quota for the day is spent', async () => {
  const upstream = await rawUpstream(answer(limited('GenerateRequestsPerDay', '0.1s')));
  const way = await throughSidecar(upstream, 'gemini', policies);
  const told = await tell(() => geminiAt(way).models.generateContent(contents('hello')));
  expect(told).toMatchObject({ error: { class: 'ApiError', status: 429 } });
  expect(upstream.requests).toHaveLength(1);
});
