import { expect, it } from 'vitest';
import { ManualClock } from '../../src/core/manual-clock.ts';
import { RateLimits } from '../../src/proxy/rate-limits.ts';
import { http } from '../kit/http-text.ts';
import { exchange } from '../kit/raw-client.ts';
import { answer, rawUpstream } from '../kit/raw-upstream.ts';
import { sidecar } from '../kit/start-sidecar.ts';
import { counted, json } from '../policies-e2e/kit.ts';

const openai = ['x-ratelimit-limit-requests', '500', 'X-RateLimit-Remaining-Requests', ' 499 ', 'x-ratelimit-reset-requests', '120ms'];
const tokens = ['x-ratelimit-limit-tokens', '30000', 'x-ratelimit-remaining-tokens', '200', 'x-ratelimit-reset-tokens', '1m30s'];

function limits(clock = new ManualClock()) {
  const all = new RateLimits(clock);
  return { clock, all, read: () => Object.fromEntries(all.read()) };
}

it('what is left of rate limits is read from the fields of the latest reply that tells', () => {
  const { all, read } = limits();
  expect(read()).toEqual({});
  all.saw(['content-type', 'application/json', ...openai, ...tokens]);
  const told = { requests: { limit: 500, remaining: 499 }, tokens: { limit: 30_000, remaining: 200 } };
  expect(read()).toEqual(told);
  // An error of something in between.
  all.saw(['content-type', 'text/html']);
  expect(read()).toEqual(told);
  all.saw(['x-ratelimit-limit-tokens', '30000', 'x-ratelimit-remaining-tokens', '0']);
  expect(read()).toEqual({ ...told, tokens: { limit: 30_000, remaining: 0 } });
});

it('all of a limit is there again once the time for that has come, told as a span', async () => {
  const { clock, all, read } = limits();
  all.saw([...openai, ...tokens]);
  await clock.advance(120);
  expect(read()).toMatchObject({ requests: { remaining: 500 }, tokens: { remaining: 200 } });
  await clock.advance(90_000);
  expect(read()).toMatchObject({ tokens: { remaining: 30_000 } });
});

it('so it is where the time is told as a moment', async () => {
  const { clock, all, read } = limits();
  const reset = new Date(Math.ceil(clock.wall() / 1000) * 1000 + 5000).toISOString();
  const of = (kind: string, limit: number, remaining: number) =>
    Object.entries({ limit, remaining, reset }).flatMap(([what, value]) => [`anthropic-ratelimit-${kind}-${what}`, String(value)]);
  all.saw([...of('requests', 50, 49), ...of('input-tokens', 1000, 10), ...of('output-tokens', 100, 0), ...of('priority-tokens', 1, 0)]);
  expect(read()).toEqual({
    requests: { limit: 50, remaining: 49 },
    'input-tokens': { limit: 1000, remaining: 10 },
    'output-tokens': { limit: 100, remaining: 0 },
  });
  await clock.advance(6000);
  expect(read()).toMatchObject({ 'output-tokens': { limit: 100, remaining: 100 } });
});

it.each([
  ['no limit', ['x-ratelimit-remaining-requests', '1']],
  ['no rest', ['x-ratelimit-limit-requests', '1']],
  ['words', ['x-ratelimit-limit-requests', 'many', 'x-ratelimit-remaining-requests', 'some']],
  ['a number below 0', ['x-ratelimit-limit-requests', '1', 'x-ratelimit-remaining-requests', '-1']],
])('fields with %s tell nothing', (_, headers) => {
  const { all, read } = limits();
  all.saw(headers);
  expect(read()).toEqual({});
});

it('they stand in the metrics by upstream and kind, also where the reply is an error', async () => {
  const lines = (all: readonly string[]) => all.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${all[i + 1]}`] : []));
  const limited = await rawUpstream(answer(json('429 Too Many Requests', { error: { message: 'slow down' } }, ...lines(tokens))));
  const silent = await rawUpstream(answer(json('200 OK', {})));
  const product = await sidecar({
    upstreams: { limited: { url: limited.url, dialect: 'openai' }, silent: { url: silent.url, dialect: 'http' } },
    routes: [
      { path: '/limited', upstream: 'limited' },
      { path: '/silent', upstream: 'silent' },
    ],
  });
  await exchange(product.proxy, http(['GET /limited/v1/models HTTP/1.1', 'Host: a']));
  await exchange(product.proxy, http(['GET /silent HTTP/1.1', 'Host: a']));
  const count = await counted(product, 2);
  expect(count('upstream_rate_limit{upstream="limited",kind="tokens"}')).toBe(30_000);
  expect(count('upstream_rate_limit_remaining{upstream="limited",kind="tokens"}')).toBe(200);
  expect(count('upstream_rate_limit{upstream="limited",kind="requests"}')).toBe(0);
  expect(count('upstream_rate_limit{upstream="silent",kind="tokens"}')).toBe(0);
});
