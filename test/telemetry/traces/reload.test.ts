import { expect, it } from 'vitest';
import { http } from '../../kit/http-text.ts';
import { exchange } from '../../kit/raw-client.ts';
import { rawUpstream } from '../../kit/raw-upstream.ts';
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
