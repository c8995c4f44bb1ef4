import { describe, expect, test } from 'vitest';
import { statusOf } from '../kit/http-message.ts';
import { http } from '../kit/http-text.ts';
import { rawClient } from '../kit/raw-client.ts';
import { rawUpstream, silent, type UpstreamConnection } from '../kit/raw-upstream.ts';
import { sidecarFor } from '../kit/start-sidecar.ts';
import { within } from '../kit/timing.ts';

const refusal = http(['HTTP/1.1 413 Too Much', 'Content-Length: 4'], 'stop');

describe('a final response before the upload is done', () => {
  test.each<[string, (connection: UpstreamConnection) => void]>([
    ['keeps the connection open', () => {}],
    ['closes its side', (connection) => connection.halfClose()],
  ])('is delivered and ends the upload, if the upstream %s', async (_, then) => {
    const upstream = await rawUpstream(silent);
    const { proxy } = await sidecarFor(upstream);
    const client = await rawClient(proxy);
    client.send(http(['POST / HTTP/1.1', 'Host: a', 'Content-Length: 1000000'], 'some'));
    const connection = await upstream.connection();
    await connection.seen('some');
    connection.send(refusal);
    then(connection);
    const response = await within(1_000, client.response(), 'the refusal');
    expect(statusOf(response)).toBe(413);
    expect(response.body).toBe('stop');
    await within(1_000, connection.ended, 'the end of the upload');
    expect(connection.received.endsWith('some')).toBe(true);
  });

  test('does not leave the rest of the upload to be read as the next request', async () => {
    const upstream = await rawUpstream(async (connection) => {
      await connection.requestHead();
      connection.send(refusal);
    });
    const { proxy } = await sidecarFor(upstream);
    const client = await rawClient(proxy);
    const rest = http(['GET /smuggled HTTP/1.1', 'Host: a']);
    client.send(http(['POST / HTTP/1.1', 'Host: a', `Content-Length: ${rest.length + 1000}`], 'some'));
    expect(statusOf(await client.response())).toBe(413);
    client.send(rest);
    await within(2_000, client.ended, 'the end of the connection');
    expect(upstream.received).not.toContain('smuggled');
  });

  test('reaches an agent that goes on uploading without reading, up to a fair amount', async () => {
    const upstream = await rawUpstream(async (connection) => {
      await connection.requestHead();
      connection.send(refusal);
    });
    const { proxy } = await sidecarFor(upstream);
    const client = await rawClient(proxy);
    const body = 'x'.repeat(2_000_000);
    client.send(http(['POST / HTTP/1.1', 'Host: a', `Content-Length: ${body.length}`], body));
    expect(statusOf(await within(2_000, client.response(), 'the refusal'))).toBe(413);
  });
});
