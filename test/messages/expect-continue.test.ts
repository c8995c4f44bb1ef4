import { describe, expect, test } from 'vitest';
import { namesOf, statusOf } from '../kit/http-message.ts';
import { http, ok } from '../kit/http-text.ts';
import { rawClient } from '../kit/raw-client.ts';
import { answer, rawUpstream, silent } from '../kit/raw-upstream.ts';
import { type SidecarSettings, sidecar, sidecarFor } from '../kit/start-sidecar.ts';

const expecting = http(['POST /a HTTP/1.1', 'Host: a', 'Content-Length: 4', 'Expect: 100-continue']);

describe('Expect: 100-continue', () => {
  test('is answered by us, before the body is sent, and never reaches the upstream', async () => {
    const { client, upstream } = await start();
    client.send(expecting);
    const interim = await client.responseHead({ interim: true });
    expect(interim.startLine).toBe('HTTP/1.1 100 Continue');
    client.send('body');
    expect(statusOf(await client.response())).toBe(200);
    const [request] = upstream.requests;
    expect(request?.body).toBe('body');
    expect(namesOf(request!)).not.toContain('expect');
  });

  test('is answered once, however many attempts there are', async () => {
    const replies = [http(['HTTP/1.1 503 Busy', 'Content-Length: 0']), ok()];
    const upstream = await rawUpstream(answer(() => replies.shift()!));
    const { proxy } = await sidecarFor(upstream, { policy: { retry: { backoff: { base: '1ms' } } } });
    const client = await rawClient(proxy);
    client.send(`${expecting}body`);
    expect(statusOf(await client.response())).toBe(200);
    expect(client.interim.map(statusOf)).toEqual([100]);
    expect(upstream.requests.map((request) => request.body)).toEqual(['body', 'body']);
  });

  test('does not hold back a body that comes unasked', async () => {
    const { client } = await start();
    client.send(`${expecting}body`);
    expect((await client.response()).body).toBe('ok');
  });

  test('is heard in any letter case', async () => {
    const { client } = await start();
    client.send(expecting.replace('100-continue', '100-Continue'));
    expect(statusOf(await client.responseHead({ interim: true }))).toBe(100);
  });

  test('of HTTP/1.0 is ignored', async () => {
    const { client } = await start();
    client.send(`${expecting.replace('HTTP/1.1', 'HTTP/1.0')}body`);
    expect(statusOf(await client.response())).toBe(200);
    expect(client.interim).toEqual([]);
  });

  test('of another kind is refused with 417 or ignored, and not forwarded', async () => {
    const { client, upstream } = await start();
    client.send(`${expecting.replace('100-continue', '200-maybe')}body`);
    expect([200, 417]).toContain(statusOf(await client.response()));
    expect(upstream.received.toLowerCase()).not.toContain('expect');
  });
});

describe('a call that is refused never gets a 100, so its body is never uploaded', () => {
  test('because it is too large', async () => {
    const { client, upstream } = await start({ limits: { requestBody: '1KB' } });
    client.send(expecting.replace('Content-Length: 4', 'Content-Length: 20000000'));
    expect(statusOf(await client.responseHead({ interim: true }))).toBe(413);
    expect(upstream.received).toBe('');
  });

  test('because no route takes it', async () => {
    const { proxy } = await sidecar({ upstreams: { peer: { url: 'http://127.0.0.1:9' } }, routes: [{ path: '/peer', upstream: 'peer' }] });
    const client = await rawClient(proxy);
    client.send(expecting);
    expect(statusOf(await client.responseHead({ interim: true }))).toBe(404);
  });

  test('because its framing is wrong', async () => {
    const { client } = await start();
    client.send(expecting.replace('Expect', 'Transfer-Encoding: identity\r\nExpect'));
    expect(statusOf(await client.responseHead({ interim: true }))).toBeGreaterThanOrEqual(400);
  });

  test('because the circuit is open', async () => {
    const upstream = await rawUpstream(answer(http(['HTTP/1.1 500 Broken', 'Content-Length: 0'])));
    const { proxy } = await sidecarFor(upstream, { policy: { circuitBreaker: { failures: 1 } } });
    const first = await rawClient(proxy);
    first.send(http(['GET / HTTP/1.1', 'Host: a']));
    expect(statusOf(await first.response())).toBe(500);
    const client = await rawClient(proxy);
    client.send(expecting);
    expect(statusOf(await client.responseHead({ interim: true }))).toBe(503);
    expect(upstream.requests).toHaveLength(1);
  });

  test('because no place is free', async () => {
    const upstream = await rawUpstream(silent);
    const { proxy } = await sidecarFor(upstream, { policy: { bulkhead: { concurrent: 1, queue: 0 } } });
    const first = await rawClient(proxy);
    first.send(http(['GET / HTTP/1.1', 'Host: a']));
    await (await upstream.connection()).seen('GET /');
    const client = await rawClient(proxy);
    client.send(expecting);
    expect(statusOf(await client.responseHead({ interim: true }))).toBe(503);
  });
});

async function start(settings: SidecarSettings = {}) {
  const upstream = await rawUpstream();
  const { proxy } = await sidecarFor(upstream, settings);
  return { upstream, client: await rawClient(proxy) };
}
