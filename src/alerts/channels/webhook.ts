import { createHmac } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import type { Channel, Delivery } from '../channel.ts';
import { Post } from './post.ts';
import type { WebhookSettings } from './settings.ts';
import { webhookBody } from './webhook-body.ts';

/** Posts JSON, signed as Standard Webhooks 1.0 say; by both secrets while one takes the place of the other. */
export function webhookChannel({ url, secret, previousSecret, allowPrivate, timeout }: WebhookSettings, clock: Clock): Channel {
  const post = new Post({ url, allowPrivate, timeoutMs: timeout, clock });
  const keys = [secret, ...(previousSecret === undefined ? [] : [previousSecret])].map(keyOf);
  return {
    timeoutMs: timeout,
    send(message, signal): Promise<Delivery> {
      const body = webhookBody(message);
      const timestamp = String(Math.floor(clock.wall() / 1000));
      const signatures = keys.map((key) => `v1,${createHmac('sha256', key).update(`${message.id}.${timestamp}.${body}`).digest('base64')}`);
      const headers = { 'webhook-id': message.id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
      return post.send(headers, body, signal);
    },
    close: () => post.close(),
  };
}

/** `whsec_` stands before Base64; any other secret is taken by its bytes. */
function keyOf(secret: string): Buffer {
  return secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret);
}
