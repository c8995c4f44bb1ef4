import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Channel } from '../../../src/alerts/channel.ts';
import { createChannel } from '../../../src/alerts/channels/create-channel.ts';
import { channelSettings } from '../../../src/alerts/channels/settings.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { blackHole } from '../../kit/black-hole.ts';
import { freePort } from '../../kit/free-port.ts';
import { listening } from '../../kit/listening.ts';
import { message } from './messages.ts';
import { receiver } from './receiver.ts';

const never = new AbortController().signal;

/** A channel of either kind that posts to that URL; closed when the test has finished. */
function posting(kind: string, settings: Record<string, unknown>): Channel {
  const channel = createChannel(
    channelSettings.parse({ [kind]: { ...(kind === 'webhook' && { secret: 's' }), allowPrivate: true, ...settings } }),
    systemClock,
  );
  onTestFinished(() => channel.close?.());
  return channel;
}

describe.each(['slack', 'webhook'])('a channel of %s', (kind) => {
  test('tells what the other side said', async () => {
    const { url, received } = await receiver();
    expect(await posting(kind, { url }).send(message(), never)).toEqual({ result: 'delivered', said: 'answered 200: ok' });
    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({ method: 'POST', path: '/services/T0/B0/secret' });
    expect(received[0]!.headers['content-type']).toBe('application/json; charset=utf-8');
  });

  test.each([
    [429, '7', 7000],
    [503, '0.5', 500],
    [429, 'a date in a minute', 60_000],
  ])('waits after %i for as long as Retry-After: %s says', async (status, value, waitMs) => {
    const written = () => (value.startsWith('a date') ? new Date(Date.now() + 60_000).toUTCString() : value);
    const { url } = await receiver((response) => void response.writeHead(status, { 'Retry-After': written() }).end('rate_limited'));
    const delivery = await posting(kind, { url }).send(message(), never);
    expect(delivery).toMatchObject({ result: 'later', reason: `answered ${status}: rate_limited` });
    const told = delivery.result === 'later' ? delivery.retryAfterMs : undefined;
    expect(Math.abs(told! - waitMs)).toBeLessThan(2000);
  });

  test.each(['soon', '-5', ''])('takes a Retry-After of %j for none', async (value) => {
    const { url } = await receiver((response) => void response.writeHead(429, { 'Retry-After': value }).end());
    expect(await posting(kind, { url }).send(message(), never)).toEqual({ result: 'later', reason: 'answered 429' });
  });

  test.each([408, 425, 429, 500, 502, 503, 504])('tries again later after %i', async (status) => {
    const { url } = await receiver((response) => void response.writeHead(status).end());
    expect(await posting(kind, { url }).send(message(), never)).toMatchObject({ result: 'later' });
  });

  test.each([400, 401, 403, 404, 410, 413])('gives up after %i', async (status) => {
    const { url } = await receiver((response) => void response.writeHead(status).end('channel_is_archived'));
    const reason = `answered ${status}: channel_is_archived`;
    expect(await posting(kind, { url }).send(message(), never)).toEqual({ result: 'refused', reason });
  });

  test.each([301, 302, 303, 307, 308])('does not follow a redirect by %i', async (status) => {
    const other = await receiver();
    const { url } = await receiver((response) => void response.writeHead(status, { Location: other.url }).end());
    const delivery = await posting(kind, { url }).send(message(), never);
    expect(delivery).toEqual({ result: 'refused', reason: `answered ${status}; redirects are not followed` });
    expect(other.connections).toBe(0);
  });

  test('gives up waiting for an answer, for its end or for a connection', async () => {
    const silent = await receiver(() => {});
    expect(await posting(kind, { url: silent.url, timeout: '100ms' }).send(message(), never)).toEqual({
      result: 'later',
      reason: 'no answer within 0.1 s',
    });
    const hole = await blackHole();
    expect(await posting(kind, { url: hole.url, timeout: '100ms' }).send(message(), never)).toMatchObject({ result: 'later' });
    // The status is all that counts.
    const endless = await receiver((response) => void response.writeHead(200).write('ok'));
    expect(await posting(kind, { url: endless.url, timeout: '100ms' }).send(message(), never)).toMatchObject({ result: 'delivered' });
  });

  test('lets go at once when it is told to', async () => {
    const { url } = await receiver(() => {});
    const abort = new AbortController();
    const sending = posting(kind, { url }).send(message(), abort.signal);
    abort.abort();
    expect(await sending).toEqual({ result: 'later', reason: 'given up' });
  });

  test('tries again later where nobody listens, or where the line breaks', async () => {
    const port = await freePort();
    const delivery = await posting(kind, { url: `http://127.0.0.1:${port}/secret` }).send(message(), never);
    expect(delivery).toMatchObject({ result: 'later', reason: expect.stringContaining('ECONNREFUSED') });
    const cutting = createServer((socket) => void socket.once('data', () => socket.resetAndDestroy()));
    const url = `http://127.0.0.1:${await listening(cutting)}/secret`;
    expect(await posting(kind, { url }).send(message(), never)).toMatchObject({ result: 'later' });
  });

  test('tells little of a long answer, and neither its controls nor the secret URL', async () => {
    const { url } = await receiver(
      (response, { path }) => void response.end(`you posted to ${path}\r\n\u001B[31m${'x'.repeat(1_000_000)}`),
    );
    const delivery = await posting(kind, { url }).send(message(), never);
    const said = delivery.result === 'delivered' ? delivery.said : '';
    expect(said).toMatch(/^answered 200: you posted to \/\*\*\* \[31mx+…$/);
    expect(said.length).toBeLessThan(300);
  });

  test('delivers again and again, and the same message in the same words', async () => {
    const { url, received } = await receiver();
    const channel = posting(kind, { url });
    for (let i = 0; i < 3; i++) expect(await channel.send(message(), never)).toMatchObject({ result: 'delivered' });
    expect(new Set(received.map(({ body }) => body)).size).toBe(1);
  });
});
