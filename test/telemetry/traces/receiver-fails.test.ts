import { afterEach, expect, it, vi } from 'vitest';
import { rawUpstream } from '../../kit/raw-upstream.ts';
import { eventually, within } from '../../kit/timing.ts';
import { samples } from '../kit.ts';
import { behindRoot, traced } from './kit.ts';

afterEach(() => vi.unstubAllEnvs());

const everything = { traces: { sample: '100%' } };

async function droppedBy(it: Awaited<ReturnType<typeof traced>>, reason: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${it.sidecar.admin.port}/metrics`)).text();
  return samples(text).get(`outrigger_spans_dropped_total{reason="${reason}"}`) ?? Number.NaN;
}

it('a receiver that hangs costs no call any time; what finds no place is dropped and counted', async () => {
  vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '10');
  vi.stubEnv('OTEL_BSP_MAX_QUEUE_SIZE', '20');
  vi.stubEnv('OTEL_EXPORTER_OTLP_TIMEOUT', '2000');
  const it = await traced(behindRoot(await rawUpstream()), everything);
  expect(await droppedBy(it, 'queue')).toBe(0);
  it.receiver.answer = () => undefined;
  await it.ask(['GET / HTTP/1.1']);
  await eventually('an export hangs', () => it.receiver.requests.length > 0);
  for (let i = 0; i < 30; i += 1) await within(1000, it.ask(['GET / HTTP/1.1']), 'a call');
  // 60 spans for 20 places.
  await eventually('40 are dropped', async () => (await droppedBy(it, 'queue')) === 40);
  await eventually('the export has failed', async () => (await droppedBy(it, 'export')) >= 2);
});

it('a receiver that has vanished is tried again, and gets what comes later', async () => {
  vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '10');
  vi.stubEnv('OTEL_EXPORTER_OTLP_TIMEOUT', '300');
  const it = await traced(behindRoot(await rawUpstream()), everything);
  it.receiver.answer = (response) => response.destroy();
  await it.ask(['GET / HTTP/1.1']);
  await eventually('the export has failed', async () => (await droppedBy(it, 'export')) === 2);
  it.receiver.answer = (response) => response.end();
  it.receiver.spans.length = 0;
  await it.ask(['GET /later HTTP/1.1']);
  await eventually('the spans have come', () => it.receiver.spans.length === 2);
  expect(await droppedBy(it, 'export')).toBe(2);
});

it.each(['30000', '100'])('a drain waits 5 s for the last spans and no longer, where the next batch waits for %s ms', async (timeoutMs) => {
  vi.stubEnv('OTEL_EXPORTER_OTLP_TIMEOUT', '20000');
  vi.stubEnv('OTEL_BSP_EXPORT_TIMEOUT', timeoutMs);
  const it = await traced(behindRoot(await rawUpstream()), everything);
  it.receiver.answer = () => undefined;
  await it.ask(['GET / HTTP/1.1']);
  const startedAt = performance.now();
  await within(8000, it.sidecar.stop(), 'the drain');
  expect(performance.now() - startedAt).toBeGreaterThan(4500);
  expect(it.receiver.spans).toHaveLength(2);
});
