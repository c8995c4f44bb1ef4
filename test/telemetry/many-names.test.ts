import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { total } from './kit.ts';
import { bigMetrics, tell } from './many-names.ts';

test('10,000 names at 20 upstreams stay below 20,000 lines, and all that is counted adds up', async () => {
  const metrics = bigMetrics();
  tell(metrics, 10_000);
  const text = await metrics.text();
  expect(text.split('\n').length).toBeLessThan(20_000);
  expect(total(text, 'outrigger_llm_tokens_total')).toBe(50_000);
  expect(total(text, 'outrigger_tool_calls_total')).toBe(2000);
  expect(total(text, 'outrigger_requests_total')).toBe(10_000);
});

test('memory does not grow with the names', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const metrics = bigMetrics();
  const used = () => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  tell(metrics, 10_000);
  await metrics.text();
  const before = used();
  tell(metrics, 10_000, 10_000);
  await metrics.text();
  expect(used() - before).toBeLessThan(500_000);
});
