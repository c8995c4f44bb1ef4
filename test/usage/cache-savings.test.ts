import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { http } from '../kit/http-text.ts';
import { exchange } from '../kit/raw-client.ts';
import { rawUpstream } from '../kit/raw-upstream.ts';
import { sidecar } from '../kit/start-sidecar.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';
import { busy, counted, inTurn, json } from '../policies-e2e/kit.ts';

const usage = { prompt_tokens: 1000, completion_tokens: 500, prompt_tokens_details: { cached_tokens: 400 } };
const good = json('200 OK', { choices: [{ message: { content: 'hi' } }], usage });

function asking(model: string): string {
  const body = JSON.stringify({ model, temperature: 0, messages: [{ role: 'user', content: 'hello' }] });
  return http(['POST /v1/chat/completions HTTP/1.1', 'Host: a', 'Content-Type: application/json', `Content-Length: ${body.length}`], body);
}

/** A sidecar with prices and a cache of these settings, in front of an upstream that answers so, in turn. */
async function caching(cache: object, ...answers: [string, ...string[]]) {
  const directory = temporaryDirectory();
  const prices = join(directory, 'prices.yml');
  writeFileSync(prices, 'checked: 2026-11-01\nprices: [ { models: [own-*], input: 3, output: 15, cacheRead: 1 } ]\n');
  const upstream = await rawUpstream(inTurn(...answers));
  return sidecar({
    upstreams: { main: { url: upstream.url, dialect: 'openai' } },
    policies: { llm: { cache } },
    routes: [{ path: '/', upstream: 'main', policy: 'llm' }],
    telemetry: { log: { level: 'silent' }, prices },
  });
}

test('an answer from the cache saves what the stored one had cost', async () => {
  const product = await caching({ mode: 'read-through', fresh: '1h' }, good);
  for (let calls = 0; calls < 3; calls += 1) await exchange(product.proxy, asking('own-model'));
  const count = await counted(product, 3);
  expect(count('cache_saved_tokens_total')).toBe(2 * 1500);
  expect(count('cache_saved_usd_total')).toBeCloseTo((2 * (600 * 3 + 400 * 1 + 500 * 15)) / 1_000_000, 12);
  // Saved is not spent.
  expect(count('llm_cost_usd_total{upstream="main",model="own-model"}')).toBeCloseTo((600 * 3 + 400 * 1 + 500 * 15) / 1_000_000, 12);
});

test('calls that share one answer save all but one of it', async () => {
  const product = await caching({ mode: 'read-through', fresh: '1h' }, good);
  await Promise.all(Array.from({ length: 4 }, () => exchange(product.proxy, asking('own-model'))));
  const count = await counted(product, 4);
  expect(count('cache_saved_tokens_total')).toBe(3 * 1500);
});

test('a model without a price saves tokens and no dollars', async () => {
  const product = await caching({ mode: 'read-through', fresh: '1h' }, good);
  for (let calls = 0; calls < 2; calls += 1) await exchange(product.proxy, asking('unpriced'));
  const count = await counted(product, 2);
  expect([count('cache_saved_tokens_total'), count('cache_saved_usd_total')]).toEqual([1500, 0]);
});

test('an answer that stands in for a failure saves nothing, nor does one that is only looked at', async () => {
  const product = await caching({ staleIfError: '1h' }, good, busy);
  for (let calls = 0; calls < 2; calls += 1) await exchange(product.proxy, asking('own-model'));
  const count = await counted(product, 2);
  expect(count('cache_requests_total{result="stale"}')).toBe(1);
  expect(count('cache_saved_tokens_total')).toBe(0);

  const observed = await caching({ mode: 'read-through', fresh: '1h', observe: true }, good);
  for (let calls = 0; calls < 2; calls += 1) await exchange(observed.proxy, asking('own-model'));
  const seen = await counted(observed, 2);
  expect([seen('would_total{kind="cache"}'), seen('cache_saved_tokens_total')]).toEqual([4, 0]);
});
