import { describe, expect, test } from 'vitest';
import { statusOf, valuesOf } from '../kit/http-message.ts';
import { chunk, http, lastChunk, ok } from '../kit/http-text.ts';
import { rawClient } from '../kit/raw-client.ts';
import { rawUpstream, silent } from '../kit/raw-upstream.ts';
import { sidecarFor } from '../kit/start-sidecar.ts';
import { within } from '../kit/timing.ts';

const get = http(['GET / HTTP/1.1', 'Host: a']);
const streamHead = http(['HTTP/1.1 200 OK', 'Content-Type: text/event-stream', 'Transfer-Encoding: chunked']);

describe('a sidecar that is told to stop', () => {
  test('lets a stream end and takes no new call, on no connection', async () => {
    const upstream = await rawUpstream(silent);
    const sidecar = await sidecarFor(upstream);
    const streaming = await rawClient(sidecar.proxy);
    const waiting = await rawClient(sidecar.proxy);
    streaming.send(get);
    const connection = await upstream.connection();
    await connection.requestHead();
    connection.send(streamHead + chunk('data: 1\n\n'));
    await streaming.seen('data: 1');

    const stopped = sidecar.stop();
    // An idle connection is closed; a new one is not taken, or refused.
    await within(1_000, waiting.ended, 'the end of the idle connection');
    const late = await rawClient(sidecar.proxy).catch(() => undefined);
    if (late) {
      late.send(get);
      await within(1_000, Promise.race([late.ended, late.seen(' 503 ')]), 'a refusal');
      expect(late.received).not.toContain(' 200 ');
    }
    connection.send(chunk('data: 2\n\n') + lastChunk);
    const response = await streaming.response();
    expect(response.whole && response.body).toBe('data: 1\n\ndata: 2\n\n');
    await within(2_000, stopped, 'the stop');
    expect(upstream.connections).toHaveLength(1);
  });

  test('closes the connection of a call that was under way, so that the agent sends no other on it', async () => {
    const upstream = await rawUpstream(silent);
    const sidecar = await sidecarFor(upstream);
    const client = await rawClient(sidecar.proxy);
    client.send(get);
    const connection = await upstream.connection();
    await connection.requestHead();
    const stopped = sidecar.stop();
    connection.send(ok());
    const response = await client.response();
    expect(statusOf(response)).toBe(200);
    expect(valuesOf(response, 'connection').join().toLowerCase()).toBe('close');
    await within(1_000, client.ended, 'the end of the connection');
    await within(2_000, stopped, 'the stop');
  });

  test('breaks off what lasts longer than drainTimeout, so that nobody takes it for whole', async () => {
    const upstream = await rawUpstream(silent);
    const sidecar = await sidecarFor(upstream, { drainTimeout: '200ms' });
    const streaming = await rawClient(sidecar.proxy);
    streaming.send(get);
    const connection = await upstream.connection();
    await connection.requestHead();
    connection.send(streamHead + chunk('data: 1\n\n'));
    await streaming.seen('data: 1');
    await within(2_000, sidecar.stop(), 'the stop');
    expect((await within(1_000, streaming.response(), 'the end')).whole).toBe(false);
    await within(1_000, connection.ended, 'the end of the upstream connection');
  });

  test('ends its idle connections to upstreams', async () => {
    const upstream = await rawUpstream();
    const sidecar = await sidecarFor(upstream);
    const client = await rawClient(sidecar.proxy);
    client.send(get);
    await client.response();
    expect(upstream.open).toBe(1);
    await within(2_000, sidecar.stop(), 'the stop');
    await within(1_000, upstream.connections[0]!.ended, 'the end of the upstream connection');
  });

  test('and then killed closes everything at once', async () => {
    const upstream = await rawUpstream(silent);
    const sidecar = await sidecarFor(upstream);
    const client = await rawClient(sidecar.proxy);
    client.send(get);
    const connection = await upstream.connection();
    await connection.requestHead();
    const stopped = sidecar.stop();
    const killedAt = performance.now();
    await sidecar.kill();
    await within(1_000, Promise.all([client.ended, connection.ended, stopped]), 'the end of all');
    expect(performance.now() - killedAt).toBeLessThan(1_000);
  });
});
