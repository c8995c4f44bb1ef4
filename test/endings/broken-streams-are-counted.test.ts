import { expect, test } from 'vitest';
import { chunk, http } from '../kit/http-text.ts';
import { rawClient } from '../kit/raw-client.ts';
import { rawUpstream } from '../kit/raw-upstream.ts';
import { sidecarFor } from '../kit/start-sidecar.ts';
import { eventually } from '../kit/timing.ts';

const head = http(['HTTP/1.1 200 OK', 'Content-Type: text/event-stream', 'Transfer-Encoding: chunked']);
const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }], stream: true });
const request = `POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const event = chunk('data: {"id":"1","choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n');

test('a stream that its upstream cuts counts as broken and as an error of the upstream', async () => {
  const upstream = await rawUpstream(async (connection) => {
    await connection.request();
    connection.send(head + event);
    // Behind what is out already.
    setTimeout(() => connection.halfClose(), 20);
  });
  const { proxy, admin } = await sidecarFor(upstream, { upstream: { dialect: 'openai' } });
  const response = await fetch(`http://127.0.0.1:${proxy.port}/v1/chat/completions`, { method: 'POST', body });
  await expect(response.text()).rejects.toThrow();

  const counted = await countsOf(admin.port);
  expect(counted('outrigger_streams_broken_total{upstream="peer"}')).toBe(1);
  expect(counted('outrigger_requests_total{upstream="peer",route="/",outcome="upstream-error"}')).toBe(1);
  expect(counted('outrigger_requests_total{upstream="peer",route="/",outcome="cancelled"}')).toBe(0);
});

test('a stream that its agent leaves counts as cancelled and not as broken', async () => {
  const upstream = await rawUpstream(async (connection) => {
    await connection.request();
    connection.send(head + event);
  });
  const { proxy, admin } = await sidecarFor(upstream, { upstream: { dialect: 'openai' } });
  const agent = await rawClient(proxy);
  agent.send(request);
  await agent.seen('Hel');
  agent.close();

  const counted = await countsOf(admin.port);
  expect(counted('outrigger_requests_total{upstream="peer",route="/",outcome="cancelled"}')).toBe(1);
  expect(counted('outrigger_streams_broken_total{upstream="peer"}')).toBe(0);
});

/** What the sidecar has counted once its one call has ended. */
async function countsOf(port: number): Promise<(series: string) => number> {
  let text = '';
  const counted = (series: string) =>
    Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${series} `))
        ?.slice(series.length),
    );
  await eventually('the call has ended', async () => {
    text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    return counted('outrigger_inflight_requests{upstream="peer"}') === 0 && /outrigger_requests_total\{[^}]*\} [1-9]/.test(text);
  });
  return counted;
}
