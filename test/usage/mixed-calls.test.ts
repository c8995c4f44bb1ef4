import { expect, test } from 'vitest';
import { packagedPrices } from '../../src/config/read-prices.ts';
import type { Usage } from '../../src/core/usage.ts';
import type { Sidecar } from '../../src/sidecar.ts';
import { PriceTable } from '../../src/telemetry/prices.ts';
import { http } from '../kit/http-text.ts';
import { exchange, rawClient } from '../kit/raw-client.ts';
import { sidecar } from '../kit/start-sidecar.ts';
import { eventually } from '../kit/timing.ts';
import { samples, total } from '../telemetry/kit.ts';
import { chatFormat, type Format, geminiFormat, messagesFormat, ollamaFormat, responsesFormat } from './formats.ts';
import { eventsBeforeBreak, Provider, type Scenario, scenarios, words } from './provider.ts';

const formats = [chatFormat, responsesFormat, messagesFormat, geminiFormat, ollamaFormat];
const rounds = 4;

/** Scenarios that only one of the formats has. */
const only: Partial<Record<Scenario, Format>> = { 'early-error': messagesFormat, gone: chatFormat };
const streamed: readonly Scenario[] = ['stream', 'busy-stream', 'cut', 'left', 'early-error'];

function requestOf(format: Format, scenario: Scenario, id: number): string {
  const stream = streamed.includes(scenario);
  const body = JSON.stringify(format.question(`call ${id} ${scenario}`, stream));
  const fields = ['Host: sidecar', 'Content-Type: application/json', `Content-Length: ${body.length}`];
  return http([`POST /${format.upstream}${format.path(stream)} HTTP/1.1`, ...fields], body);
}

/** Makes the calls of a scenario; returns how many they were. */
async function play({ proxy }: Sidecar, format: Format, scenario: Scenario, id: number): Promise<number> {
  const request = requestOf(format, scenario, id);
  if (scenario === 'left') {
    const agent = await rawClient(proxy);
    agent.send(request);
    const [last = ''] = / word\d+/.exec(format.events(words, noTokens)[eventsBeforeBreak - 1]!)!;
    expect(await agent.seen(last)).toBe(true);
    agent.close();
    return 1;
  }
  const answer = await exchange(proxy, request);
  expect(answer.whole, `${format.name} ${scenario}`).toBe(scenario !== 'cut');
  expect(answer.startLine, `${format.name} ${scenario}`).toContain('200');
  if (scenario !== 'cached') return 1;
  expect((await exchange(proxy, request)).headerLines.join()).toMatch(/cache-status: outrigger; hit/);
  return 2;
}

const noTokens: Usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0 };

test('over 200 mixed calls, what is counted is what the providers reported, to the token', async () => {
  const names = ['openai', 'anthropic', 'gemini', 'ollama', 'spare'];
  const started = await Promise.all(
    names.map((name) =>
      Provider.start(
        name,
        formats.filter(({ upstream }) => upstream === (name === 'spare' ? 'openai' : name)),
      ),
    ),
  );
  const upstreams = names.map((name, i) => [name, { url: started[i]!.upstream.url, dialect: name === 'spare' ? 'openai' : name }]);
  const retry = { attempts: 2, backoff: { strategy: 'fixed', base: '1ms', jitter: 'none' }, budget: { minimum: 1000 } };
  const policy = { retry, timeout: {}, cache: { mode: 'read-through', fresh: '1h', any: true } };
  const product = await sidecar({
    upstreams: Object.fromEntries(upstreams),
    policies: { llm: policy, chain: { ...policy, fallback: [{ upstream: 'spare', model: 'gpt-4.1-mini' }] } },
    routes: names.map((name) => ({ path: `/${name}`, upstream: name, policy: name === 'openai' ? 'chain' : 'llm' })),
    telemetry: { log: { level: 'silent' } },
  });

  const plays = Array.from({ length: rounds }, () => formats)
    .flat()
    .flatMap((format) => scenarios.filter((scenario) => (only[scenario] ?? format) === format).map((scenario) => ({ format, scenario })));
  let calls = 0;
  for (let at = 0; at < plays.length; at += 8) {
    const made = plays.slice(at, at + 8).map(({ format, scenario }, i) => play(product, format, scenario, at + i));
    for (const count of await Promise.all(made)) calls += count;
  }
  expect(calls).toBeGreaterThanOrEqual(200);

  let scrape = '';
  await eventually('every call has ended', async () => {
    scrape = await (await fetch(`http://${product.admin.host}:${product.admin.port}/metrics`)).text();
    return total(scrape, 'outrigger_requests_total') === calls;
  });
  const found = samples(scrape);
  const some = (name: string) => new Map([...found].filter(([series, value]) => series.startsWith(`${name}{`) && value !== 0));
  const reported = new Map(started.flatMap(({ provider }) => [...provider.reported]).filter(([, tokens]) => tokens > 0));
  expect(reported.size).toBeGreaterThan(15);
  expect(some('outrigger_llm_tokens_total')).toEqual(reported);

  // What was spent adds up in every other view of it.
  const all = total(scrape, 'outrigger_llm_tokens_total') + total(scrape, 'outrigger_llm_estimated_tokens_total');
  expect(total(scrape, 'outrigger_agent_tokens_total')).toBe(all);
  const prices = new PriceTable(packagedPrices());
  const kinds = { input: 'input', output: 'output', cache_read: 'cacheRead', cache_write: 'cacheWrite', reasoning: 'reasoning' } as const;
  let usd = 0;
  for (const [series, tokens] of [...some('outrigger_llm_tokens_total'), ...some('outrigger_llm_estimated_tokens_total')]) {
    const [, upstream = '', model = '', kind = ''] = /upstream="(.*)",model="(.*)",kind="(.*)"/.exec(series)!;
    usd += prices.costUsd(upstream, model, { usage: { ...noTokens, [kinds[kind as keyof typeof kinds]]: tokens } })!;
  }
  expect(usd).toBeGreaterThan(1);
  expect(total(scrape, 'outrigger_llm_cost_usd_total')).toBeCloseTo(usd, 6);
  expect(total(scrape, 'outrigger_llm_unpriced_requests_total')).toBe(0);

  // Answers of no use: estimated where they broke off, and a part of the whole.
  const wasted = (why: string) => [...some('outrigger_llm_wasted_tokens_total')].filter(([series]) => series.includes(`why="${why}"`));
  for (const why of ['retry', 'aborted', 'broken']) expect(wasted(why).length, why).toBeGreaterThanOrEqual(4);
  expect(total(scrape, 'outrigger_llm_wasted_tokens_total')).toBeLessThan(all);
  expect(some('outrigger_llm_estimated_tokens_total').size).toBeGreaterThan(5);
}, 60_000);
