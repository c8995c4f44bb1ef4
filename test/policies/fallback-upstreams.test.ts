import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import type { Dialect } from '../../src/core/dialect.ts';
import type { Handler } from '../../src/core/exchange.ts';
import { stack } from '../../src/core/policy.ts';
import { openai } from '../../src/llm/openai.ts';
import { createModelWatch } from '../../src/policies/fallback/watch-models.ts';
import { fallbackWays } from '../../src/policies/fallback/ways.ts';
import { createFallback, fallbackSettings } from '../../src/policies/fallback.ts';
import { createGate } from '../../src/policies/gate.ts';
import { createGuarded } from '../../src/policies/guarded.ts';
import { retrySettings } from '../../src/policies/retry.ts';
import { createRoute } from '../../src/policies/route.ts';
import { createTimeout, type TimeoutSettings, timeoutSettings } from '../../src/policies/timeout.ts';
import { upstream as upstreamSettings } from '../../src/proxy/settings.ts';
import { connectUpstream } from '../../src/proxy/upstream.ts';
import { http } from '../kit/http-text.ts';
import { answer, type RawUpstream, rawUpstream, silent } from '../kit/raw-upstream.ts';
import type { Entries } from './fallback-kit.ts';
import { body, context, exchange, post, textOf } from './kit.ts';

const question = '{ "messages": [{"role":"user","content":"the \\"model\\" is gpt"}],  "model" : "gpt-large", "n":1e0 }';
const said =
  '{"id":"1","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}]}';

const json = (status: string, text: string) =>
  http([`HTTP/1.1 ${status}`, 'Content-Type: application/json', `Content-Length: ${text.length}`], text);
const unavailable = answer(json('503 Service Unavailable', '{"error":{"message":"busy","type":"server_error"}}'));
const helpful = answer(json('200 OK', said));

/** Fails on the first request, on whatever connection it comes. */
function failingOnce() {
  let requests = 0;
  return answer(() => {
    requests += 1;
    return requests === 1 ? json('429 Too Many Requests', '{"error":{}}') : json('200 OK', said);
  });
}

/** A call of an agent with every credential that it may have, and one with none of them. */
const secrets = [
  'Authorization',
  'Bearer agent-key',
  'X-Api-Key',
  'agent-key',
  'Cookie',
  'session=agent-key',
  'OpenAI-Organization',
  'agent-org',
];
const plain = ['User-Agent', 'agent/1', 'Content-Type', 'application/json', 'Content-Length', String(question.length)];

/** The two stacks around real connections to the upstreams, with a fallback in the agent's. */
async function play(entries: Entries, upstreams: Record<string, RawUpstream>, set: { timeout?: TimeoutSettings; attempts?: number } = {}) {
  const ctx = { ...context(), clock: systemClock };
  const sends = new Map<string, Handler>();
  for (const [name, { url }] of Object.entries(upstreams)) {
    const settings = upstreamSettings.parse({ url, headers: name === 'main' ? {} : { authorization: `Bearer ${name}-key` } });
    const connection = connectUpstream(name, settings, systemClock, () => {});
    onTestFinished(() => connection.destroy());
    sends.set(name, (call) => connection.send(call));
  }
  const attempts = (name: string, timeout: TimeoutSettings | undefined): Handler =>
    stack([...(timeout ? [createTimeout(timeout, ctx)] : []), createGate({ holds: true }, ctx)], sends.get(name)!);
  const settings = fallbackSettings.parse(entries);
  const retry = retrySettings.parse({ attempts: set.attempts ?? 1, backoff: { base: '1ms' } });
  const ways = fallbackWays(settings, 'main', { timeout: set.timeout, retry }, ctx, attempts);
  const dialectOf = (): Dialect => openai;
  const policy = createFallback(settings, { home: 'main', ways, breaks: true, dialectOf, translate: () => undefined }, ctx);
  const home = createRoute(new Map([['main', attempts('main', set.timeout)]]), systemClock);
  const request = post({ path: '/v1/chat/completions?key=agent-key', headers: [...secrets, ...plain], body: body(question) });
  const described = { ...request, call: () => openai.describe(request, request.body.bytes) };
  const call = exchange({ request: described, dialect: openai });
  const outcome = await stack([createGuarded(), policy, createModelWatch(ctx)], home)(call);
  return { call, outcome, text: outcome.kind === 'reply' ? await textOf(outcome) : outcome.kind, policy };
}

test('another upstream gets its own credentials, none of the agent’s, and the body with another model and no other byte changed', async () => {
  const [main, spare] = [await rawUpstream(unavailable), await rawUpstream(helpful)];

  const { text } = await play([{ upstream: 'spare', model: 'llama "4"' }], { main, spare });

  expect(text).toBe(said);
  expect(main.received).toContain('Bearer agent-key');
  expect(main.requests[0]!.body).toBe(question);
  expect(spare.received).not.toMatch(/agent-key|agent-org|cookie|x-api-key/i);
  expect(spare.received).toContain('Bearer spare-key');
  expect(spare.received).toMatch(/^POST \/v1\/chat\/completions HTTP\/1\.1\r\n/);
  expect(spare.requests[0]!.body).toBe(question.replace('"gpt-large"', '"llama \\"4\\""'));
});

test('another model of the same upstream gets what the agent sent', async () => {
  const main = await rawUpstream(failingOnce());

  const { text } = await play([{ model: 'gpt-small' }], { main });

  expect(text).toBe(said);
  const [first, second] = main.requests;
  expect(second!.body).toBe(question.replace('gpt-large', 'gpt-small'));
  expect(second!.headerLines.filter((line) => !/^(content-length|host|connection)/i.test(line))).toEqual(
    first!.headerLines.filter((line) => !/^(content-length|host|connection)/i.test(line)),
  );
});

test('a call that comes back to its own upstream has the agent’s credentials again, and none of the upstream’s in between', async () => {
  const main = await rawUpstream(failingOnce());
  const spare = await rawUpstream(unavailable);

  const { text } = await play([{ upstream: 'spare' }, { model: 'gpt-small' }], { main, spare });

  expect(text).toBe(said);
  expect(spare.received).not.toContain('agent-key');
  expect(main.received).not.toContain('spare-key');
  expect(main.requests[1]!.headerLines).toContain('Authorization: Bearer agent-key');
});

test('an entry has its own retries and its own timeout, and the rest the policy set’s', async () => {
  const [main, stuck, last] = [await rawUpstream(unavailable), await rawUpstream(silent), await rawUpstream(unavailable)];
  const timeout = timeoutSettings.parse({ answer: '200ms' });
  const entries: Entries = [{ upstream: 'stuck', timeout: { answer: '30ms' }, retry: { attempts: 1 } }, { upstream: 'last' }];

  const { call, text } = await play(entries, { main, stuck, last }, { timeout, attempts: 2 });

  expect(call.noted('timeout')).toMatchObject([{ upstream: 'stuck', afterMs: 30, phase: 'answer' }]);
  expect(call.noted('attempt-answered').map(({ upstream, verdict }) => [upstream, verdict])).toEqual([
    ['main', 'overloaded'],
    ['stuck', 'timeout'],
    ['last', 'overloaded'],
    ['last', 'overloaded'],
  ]);
  expect(text).toContain('busy');
});

test('entries that raise the model and its timeout together are asked one after the other, each with its own time and retries', async () => {
  let requests = 0;
  // Only the third model answers, at its second attempt.
  const main = await rawUpstream(async (connection) => {
    for (;;) {
      if (!(await connection.request())?.whole) return;
      requests += 1;
      if (requests === 4) connection.send(json('503 Service Unavailable', '{"error":{}}'));
      if (requests === 5) connection.send(json('200 OK', said));
    }
  });
  const entries: Entries = [
    { model: 'medium', timeout: { answer: '40ms' }, retry: { attempts: 2, on: ['timeout'], backoff: { base: '1ms' } } },
    { model: 'large', timeout: { answer: '10s' }, retry: { attempts: 3, backoff: { base: '1ms' } } },
  ];

  const { call, text } = await play(entries, { main }, { timeout: timeoutSettings.parse({ answer: '20ms' }) });

  expect(text).toBe(said);
  expect(call.noted('timeout').map(({ afterMs }) => afterMs)).toEqual([20, 40, 40]);
  expect(call.noted('attempt-answered').map(({ model, verdict }) => [model, verdict])).toEqual([
    [undefined, 'timeout'],
    ['medium', 'timeout'],
    ['medium', 'timeout'],
    ['large', 'overloaded'],
    ['large', 'ok'],
  ]);
});

test('the health of the models that were asked is learnt on the way', async () => {
  const [main, spare] = [await rawUpstream(unavailable), await rawUpstream(helpful)];

  const { policy } = await play([{ upstream: 'spare', model: 'llama-4' }], { main, spare });

  expect(policy.inspect?.()).toMatchObject({
    health: [
      { upstream: 'main', model: 'gpt-large', attempts: 1, successRatio: 0 },
      { upstream: 'spare', model: 'llama-4', attempts: 1, successRatio: 1 },
    ],
  });
});
