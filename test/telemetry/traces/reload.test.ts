import { expect, it } from 'vitest';
import { http, ok } from '../../kit/http-text.ts';
import { exchange } from '../../kit/raw-client.ts';
import { answer, rawUpstream } from '../../kit/raw-upstream.ts';
import { reloadingSidecar } from '../../life/reloading-sidecar.ts';
import { behindRoot, parentIn } from './kit.ts';
import { otlpReceiver } from './otlp-receiver.ts';

const get = http(['GET / HTTP/1.1', 'Host: a']);

it('what is sampled follows a reload, and where it goes stays until the next start', async () => {
  const [upstream, receiver, other] = [await rawUpstream(), await otlpReceiver(), await otlpReceiver()];
  const config = (traces: object | undefined) => ({
    ...behindRoot(upstream),
    telemetry: { log: { level: 'warn' }, ...(traces && { traces }) },
  });
  const sidecar = await reloadingSidecar(config({ endpoint: receiver.url, sample: '0%' }));
  await exchange(sidecar.proxy, get);
  sidecar.change(config({ endpoint: other.url, sample: '100%' }));
  await exchange(sidecar.proxy, get);
  sidecar.change(config(undefined));
  await exchange(sidecar.proxy, get);
  expect(upstream.requests.map((request) => parentIn(request).flags)).toEqual(['00', '01', '01']);
  const kept = sidecar.lines.filter(({ msg }) => String(msg).startsWith('changed in the file'));
  expect(kept.map(({ where }) => where)).toEqual(['telemetry.traces.endpoint', 'telemetry.traces.endpoint']);
  await sidecar.stop();
  expect(receiver.spans).toHaveLength(4);
  expect(other.requests).toEqual([]);
});

it('the line of a call in the log names its trace, also where the trace is not sampled', async () => {
  const upstream = await rawUpstream(answer((_, index) => (index === 0 ? http(['HTTP/1.1 503 Busy', 'Content-Length: 0']) : ok())));
  const receiver = await otlpReceiver();
  const policy = { retry: { backoff: { strategy: 'fixed', base: '1ms', jitter: 'none' } } };
  const telemetry = { log: { level: 'info' }, traces: { endpoint: receiver.url, sample: '0%', alwaysOn: [] } };
  const sidecar = await reloadingSidecar({ ...behindRoot(upstream, policy), telemetry });
  await exchange(sidecar.proxy, get);
  await sidecar.stop();
  const line = sidecar.lines.find(({ msg }) => msg === 'exchange');
  expect(line?.['trace_id']).toBe(parentIn(upstream.requests[1]).traceId);
  expect(line?.['span_id']).toMatch(/^[0-9a-f]{16}$/);
  expect(receiver.requests).toEqual([]);
});
