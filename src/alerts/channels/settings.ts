import { z } from 'zod';

const allowPrivate = z
  .boolean()
  .default(false)
  .describe('Lets the target be on a private or loopback address, which is refused otherwise.');

const httpUrl = z.url({ protocol: /^https?$/, error: 'expected a URL that begins with https://' });

const slack = z.strictObject({
  url: httpUrl.describe('An incoming webhook of Slack: a secret.'),
  allowPrivate,
});

const email = z.strictObject({
  smtp: z.url({ protocol: /^smtps?$/, error: 'expected a URL such as smtp://mail.example.org:587' }).describe('The mail server.'),
  from: z.string().min(3).describe('Address that mails are from.'),
  to: z.array(z.string().min(3)).min(1, 'expected at least one address').describe('Addresses that mails go to.'),
  allowPrivate,
});

const webhook = z.strictObject({
  url: httpUrl.describe('Where messages are posted to, as JSON.'),
  secret: z.string().min(1).describe('Messages are signed with it as Standard Webhooks say.'),
  allowPrivate,
});

/** One channel: exactly one of `slack`, `email` and `webhook`. */
export const channelSettings = z
  .strictObject({
    slack: slack.optional().describe('Messages to a channel of Slack.'),
    email: email.optional().describe('Mails.'),
    webhook: webhook.optional().describe('Signed JSON by POST.'),
  })
  .refine((channel) => Object.values(channel).filter((kind) => kind !== undefined).length === 1, {
    error: 'expected exactly one of slack, email and webhook',
  });

export type ChannelSettings = z.output<typeof channelSettings>;
