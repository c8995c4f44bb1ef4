import { expect, test } from 'vitest';
import { sidecar } from '../../kit/start-sidecar.ts';
import { eventually } from '../../kit/timing.ts';
import { samples, total } from '../../telemetry/kit.ts';
import { CountingClient } from './counting-client.ts';
import { FakeUpstream, type Scenario, scenarios } from './fake-upstream.ts';

const wanted = 5000;
const atATime = 24;

/** All scenarios again and again, in an order of their own; those with an answer to keep are cached every other time. */
function* plays(): Generator<{ scenario: Scenario; cacheable: boolean }> {
  const names = Object.keys(scenarios) as Scenario[];
  for (let at = 0; ; at += 1) {
    // A silence takes its three seconds.
    const scenario = names[(at * 7) % names.length]!;
    if (scenario === 'silent once' && at % 600 > 12) continue;
    yield { scenario, cacheable: at % 2 === 0 && (scenario === 'plain' || scenario === 'busy once' || scenario === 'streamed') };
  }
}

test('over 5,000 mixed calls, the metrics say exactly what the upstreams and the agents have counted', async () => {
  const [main, spare] = await Promise.all([FakeUpstream.start('main'), FakeUpstream.start('spare')]);
  const retry = { attempts: 3, backoff: { strategy: 'fixed', base: '1ms', jitter: 'none' }, budget: { ratio: '100%', minimum: 100_000 } };
  const policy = { retry, timeout: { answer: '3s', firstByte: '3s' }, fallback: [{ upstream: 'spare' }] };
  const product = await sidecar({
    upstreams: { main: { url: main.url, dialect: 'openai' }, spare: { url: spare.url, dialect: 'openai' } },
    policies: { plain: policy, cached: { ...policy, cache: { mode: 'read-through', fresh: '1h' } } },
    routes: ['plain', 'cached'].map((name) => ({ path: `/${name}`, upstream: 'main', policy: name })),
    telemetry: { log: { level: 'silent' } },
  });
  const client = new CountingClient(`http://127.0.0.1:${product.proxy.port}`, (id) => main.seen(id));
  const next = plays();
  let id = 0;
  const work = async () => {
    while (client.calls < wanted) {
      const { scenario, cacheable } = next.next().value!;
      id += 1;
      await client.call(id, scenario, cacheable);
    }
  };
  await Promise.all(Array.from({ length: atATime }, work));
  client.close();
  expect(client.calls).toBeGreaterThanOrEqual(wanted);

  let text = '';
  await eventually('every call has ended', async () => {
    text = await (await fetch(`http://127.0.0.1:${product.admin.port}/metrics`)).text();
    return total(text, 'outrigger_requests_total') >= client.calls && total(text, 'outrigger_inflight_requests') === 0;
  });
  /** Of the series with such labels, those that are not 0, summed by one label. */
  const by = (name: string, label: string, such = '') => {
    const sums = new Map<string, number>();
    for (const [series, value] of samples(text)) {
      const [, found = ''] = new RegExp(`[{,]${label}="([^"]*)"`).exec(series) ?? [];
      if (series.startsWith(`outrigger_${name}{`) && series.includes(such) && value > 0) sums.set(found, (sums.get(found) ?? 0) + value);
    }
    return sums;
  };
  expect(by('requests_total', 'outcome')).toEqual(client.outcomes);
  expect(by('agent_requests_total', 'outcome')).toEqual(client.outcomes);
  expect(by('attempts_total', 'verdict', 'upstream="main"')).toEqual(main.attempts);
  expect(by('attempts_total', 'verdict', 'upstream="spare"')).toEqual(spare.attempts);
  expect(by('retries_total', 'reason', 'upstream="main"')).toEqual(main.again);
  expect(by('retries_total', 'reason', 'upstream="spare"')).toEqual(spare.again);
  expect(total(text, 'outrigger_socket_resent_total')).toBe(main.resent + spare.resent);
  // Each call moves once at most, by what it met last at its own upstream.
  expect(by('fallbacks_total', 'reason')).toEqual(new Map([...main.lastBefore(spare.calls)]));
  expect(total(text, 'outrigger_fallbacks_total')).toBe(spare.calls.size);
  expect(by('timeouts_total', 'phase')).toEqual(new Map([['answer', main.attempts.get('timeout') ?? 0]]));
  expect(total(text, 'outrigger_streams_broken_total')).toBe(client.broken);
  expect(by('cache_requests_total', 'result')).toEqual(client.cache);
  expect(total(text, 'outrigger_cache_saved_tokens_total')).toBe(client.savedTokens);
  for (const upstream of [main, spare]) {
    const name = upstream === main ? 'main' : 'spare';
    expect(by('llm_tokens_total', 'kind', `upstream="${name}"`)).toEqual(new Map(Object.entries(upstream.tokens)));
  }
  expect(total(text, 'outrigger_request_bytes_total')).toBe(client.requestBytes);
  expect(total(text, 'outrigger_response_bytes_total')).toBe(client.responseBytes);
  // The same, by other families.
  const calls = total(text, 'outrigger_requests_total');
  expect(calls).toBe(client.calls);
  expect(total(text, 'outrigger_request_duration_seconds_count')).toBe(calls);
  expect(total(text, 'outrigger_fallback_depth_sum')).toBe(spare.calls.size);
  expect(total(text, 'outrigger_response_body_bytes_sum')).toBe(client.responseBytes);
  expect(total(text, 'outrigger_bugs_total')).toBe(0);
  expect(total(text, 'outrigger_journal_errors_total')).toBe(0);
}, 120_000);
