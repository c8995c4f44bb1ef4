import { describe, expect, test } from 'vitest';
import { type HttpHead, namesOf, statusOf, valuesOf } from '../kit/http-message.ts';
import { http, ok } from '../kit/http-text.ts';
import { rawClient } from '../kit/raw-client.ts';
import { answer, rawUpstream } from '../kit/raw-upstream.ts';
import { sidecarFor } from '../kit/start-sidecar.ts';

const get = http(['GET /a HTTP/1.1', 'Host: a']);
const head = http(['HEAD /a HTTP/1.1', 'Host: a']);

describe('responses without a body', () => {
  test.each([
    ['HEAD with a Content-Length', head, ['HTTP/1.1 200 OK', 'Content-Length: 1234'], '1234'],
    ['HEAD with a Content-Length of 0', head, ['HTTP/1.1 200 OK', 'Content-Length: 0'], '0'],
    ['HEAD without one', head, ['HTTP/1.1 200 OK', 'X-A: 1'], undefined],
    ['HEAD with Transfer-Encoding', head, ['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'], undefined],
    ['HEAD that failed', head, ['HTTP/1.1 404 Gone', 'Content-Length: 5'], '5'],
    ['304 with a Content-Length', get, ['HTTP/1.1 304 Not Modified', 'Content-Length: 1234', 'ETag: "1"'], '1234'],
    ['304 without one', get, ['HTTP/1.1 304 Not Modified', 'ETag: "1"'], undefined],
    ['204', get, ['HTTP/1.1 204 No Content', 'X-A: 1'], undefined],
  ])('%s: length kept, no Transfer-Encoding, and the next response is read right', async (_, request, lines, length) => {
    let calls = 0;
    const upstream = await rawUpstream(answer((seen) => (calls++ === 0 ? http(lines) : ok(seen.startLine))));
    const { proxy } = await sidecarFor(upstream);
    const client = await rawClient(proxy);
    client.send(request);
    const response = await client.response({ head: true });
    expect(response.startLine).toBe(lines[0]);
    expect(valuesOf(response, 'content-length')).toEqual(length === undefined ? [] : [length]);
    expect(namesOf(response)).not.toContain('transfer-encoding');
    expect(endToEnd(response)).toEqual(lines.slice(1).filter((line) => !/^(content-length|transfer)/i.test(line)));
    client.send(get);
    expect((await client.response()).body).toBe('GET /a HTTP/1.1');
  });

  test('204 with a Content-Length of 0, as old servers send it, goes without', async () => {
    const upstream = await rawUpstream(answer(http(['HTTP/1.1 204 No Content', 'Content-Length: 0'])));
    const { proxy } = await sidecarFor(upstream);
    const client = await rawClient(proxy);
    client.send(get + get);
    for (let i = 0; i < 2; i += 1) {
      const response = await client.response();
      expect(statusOf(response)).toBe(204);
      expect(namesOf(response)).not.toContain('transfer-encoding');
    }
  });

  test('a HEAD that waits for its answer does not time out its body', async () => {
    const upstream = await rawUpstream(answer(http(['HTTP/1.1 200 OK', 'Content-Type: text/event-stream'])));
    const { proxy } = await sidecarFor(upstream, { policy: { timeout: { idle: '50ms' }, bulkhead: { concurrent: 1, queue: 0 } } });
    const client = await rawClient(proxy);
    for (let i = 0; i < 3; i += 1) {
      client.send(head);
      expect(statusOf(await client.response({ head: true }))).toBe(200);
    }
  });

  test.each([
    ['HEAD', head, http(['HTTP/1.1 200 OK', 'Content-Length: 8'], 'poisoned')],
    ['204', get, http(['HTTP/1.1 204 No Content'], 'poisoned')],
    ['304', get, http(['HTTP/1.1 304 Not Modified'], 'poisoned')],
  ])('a body that an upstream sends all the same after %s is not delivered, and its connection is dropped', async (_, request, reply) => {
    const upstream = await rawUpstream(async (connection, index) => {
      for (;;) {
        const seen = await connection.request();
        if (!seen) return;
        connection.send(index === 0 ? reply : ok(`clean ${index}`));
      }
    });
    const { proxy } = await sidecarFor(upstream);
    const client = await rawClient(proxy);
    client.send(request);
    await client.response({ head: true });
    client.send(get);
    expect((await client.response()).body).toBe('clean 1');
    expect(client.received).not.toContain('poisoned');
    await upstream.connections[0]!.ended;
  });
});

function endToEnd(response: HttpHead): string[] {
  return response.headerLines.filter(
    (line) => !/^(connection|keep-alive|content-length|x-outrigger-|server-timing|proxy-status|cache-status)/i.test(line),
  );
}
