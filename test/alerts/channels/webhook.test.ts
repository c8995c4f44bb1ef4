import { Webhook } from 'standardwebhooks';
import { expect, onTestFinished, test } from 'vitest';
import { createChannel } from '../../../src/alerts/channels/create-channel.ts';
import { channelSettings } from '../../../src/alerts/channels/settings.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { message, notice } from './messages.ts';
import { type Received, receiver } from './receiver.ts';

const never = new AbortController().signal;
const base64 = (text: string) => `whsec_${Buffer.from(text).toString('base64')}`;

test('a library of Standard Webhooks verifies what is posted, by the new secret and by the previous one', async () => {
  const [now, before, other] = ['the secret of these days', 'the secret of days ago', 'somebody else'].map(base64) as [
    string,
    string,
    string,
  ];
  const posted = await post({ secret: now, previousSecret: before });
  for (const secret of [now, before])
    expect(new Webhook(secret).verify(posted.body, fields(posted))).toMatchObject({ type: 'alert.firing' });
  expect(() => new Webhook(other).verify(posted.body, fields(posted))).toThrow('No matching signature found');
  expect(() => new Webhook(now).verify(posted.body.replace('firing', 'resolved'), fields(posted))).toThrow();
  expect(posted.headers['webhook-signature']).toMatch(/^v1,\S{44} v1,\S{44}$/);
});

test('a secret that is no Base64 is taken by its bytes', async () => {
  const posted = await post({ secret: 'plain words' });
  const receiving = new Webhook('plain words', { format: 'raw' });
  expect(receiving.verify(posted.body, fields(posted))).toMatchObject({ type: 'alert.firing' });
});

test('the id is that of the message, and the time that of the try', async () => {
  const posted = await post({ secret: 's' });
  expect(posted.headers['webhook-id']).toBe('msg_1');
  expect(Math.abs(Number(posted.headers['webhook-timestamp']) - Date.now() / 1000)).toBeLessThan(10);
});

test('the body says what happened in words that pagers know', async () => {
  const over = notice({ status: 'resolved', untilMs: Date.UTC(2026, 10, 21, 12, 30), by: 'anna' });
  const posted = await post({ secret: 's' }, message({ kind: 'resolved', notices: [over], level: 1, more: 2 }));
  expect(JSON.parse(posted.body)).toMatchObject({
    type: 'alert.resolved',
    timestamp: '2026-11-21T12:01:00.000Z',
    data: {
      id: 'msg_1',
      level: 1,
      more: 2,
      incidents: [
        {
          id: 'inc_1',
          eventAction: 'resolve',
          dedupKey: 'a'.repeat(64),
          severity: 'high',
          since: '2026-11-21T12:00:00.000Z',
          until: '2026-11-21T12:30:00.000Z',
          by: 'anna',
          facts: [{ name: 'upstream', value: 'openai' }, { name: 'ledger' }],
        },
      ],
    },
  });
});

async function post(secrets: Record<string, string>, sent = message()): Promise<Received> {
  const { url, received } = await receiver();
  const channel = createChannel(channelSettings.parse({ webhook: { url, allowPrivate: true, ...secrets } }), systemClock);
  onTestFinished(() => channel.close?.());
  expect(await channel.send(sent, never)).toMatchObject({ result: 'delivered' });
  return received[0]!;
}

function fields({ headers }: Received): Record<string, string> {
  return headers as Record<string, string>;
}
