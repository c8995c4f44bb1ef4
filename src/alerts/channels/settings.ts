import { z } from 'zod';
import { duration } from '../../settings/units.ts';

const allowPrivate = z
  .boolean()
  .default(false)
  .describe('Lets the target be on a private or loopback address, which is refused otherwise, and be spoken to without TLS there.');

const timeout = duration.refine((ms) => ms > 0, 'expected more than 0s');

const httpUrl = z
  .url({ protocol: /^https?$/, error: 'expected a URL that begins with https://' })
  .refine((text) => hasNoCredentials(text), 'expected a URL without a user name and a password');

const mailAddress = z
  .string()
  .max(254)
  .regex(/^[^\s\p{Cc}<>()[\]\\,;:"@]+@[^\s\p{Cc}<>()\\,;:"@]+$/u, 'expected an address such as oncall@example.org');

const word = z.string().regex(/^\P{Cc}+$/u, 'expected text without control characters');

const slack = z
  .strictObject({
    url: httpUrl.describe('An incoming webhook of Slack: a secret.'),
    allowPrivate,
    timeout: timeout.prefault('5s').describe('How long sending may take.'),
  })
  .superRefine(checkHttps);

const email = z
  .strictObject({
    smtp: z
      .url({ protocol: /^smtps?$/, hostname: /./, error: 'expected a URL such as smtp://mail.example.org:587' })
      .refine((text) => isBare(text), 'expected a URL without path and query')
      .describe('The mail server. smtp:// begins in the clear and goes on over TLS (STARTTLS), smtps:// is TLS from the start.'),
    user: word.optional().describe('Name to log in by, where it does not stand in the URL.'),
    password: word.optional().describe('The password that goes with user.'),
    requireTls: z.boolean().default(true).describe('Mail goes out over TLS alone, but for a server on loopback.'),
    from: mailAddress.describe('Address that mails are from.'),
    to: z.array(mailAddress).min(1, 'expected at least one address').max(50).describe('Addresses that mails go to.'),
    allowPrivate,
    timeout: timeout.prefault('30s').describe('How long sending may take: many servers are slow to greet, by design.'),
  })
  .superRefine(({ smtp, user, password, requireTls, allowPrivate: isPrivate }, context) => {
    const wrong = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message });
    if (user !== undefined && !hasNoCredentials(smtp)) wrong('user', 'stands in the URL of smtp already');
    if (user !== undefined && password === undefined) wrong('user', 'needs a password beside it');
    if (user === undefined && password !== undefined) wrong('password', 'needs a user beside it');
    if (!requireTls && !isPrivate) wrong('requireTls', 'may be false for a server on a private address alone: see allowPrivate');
  });

const secret = z
  .string()
  .min(1)
  .refine((text) => !text.startsWith('whsec_') || /^whsec_[A-Za-z0-9+/]{2,}={0,2}$/.test(text), 'expected Base64 behind whsec_');

const webhook = z
  .strictObject({
    url: httpUrl.describe('Where messages are posted to, as JSON.'),
    secret: secret.describe(
      'Messages are signed with it as Standard Webhooks say: whsec_ and Base64, or any text, which is taken by its bytes.',
    ),
    previousSecret: secret.optional().describe('Signs as well, while receivers change over to a new secret.'),
    allowPrivate,
    timeout: timeout.prefault('5s').describe('How long sending may take.'),
  })
  .superRefine(checkHttps);

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
export type SlackSettings = z.output<typeof slack>;
export type EmailSettings = z.output<typeof email>;
export type WebhookSettings = z.output<typeof webhook>;

function checkHttps({ url, allowPrivate: isPrivate }: { url: string; allowPrivate: boolean }, context: z.RefinementCtx): void {
  if (url.startsWith('https:') || isPrivate) return;
  context.addIssue({ code: 'custom', path: ['url'], message: 'expected https://; http:// is for targets with allowPrivate: true' });
}

function hasNoCredentials(text: string): boolean {
  const url = URL.parse(text);
  return url === null || (url.username === '' && url.password === '');
}

function isBare(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^\/?$/.test(url.pathname) && url.search === '' && url.hash === '';
}
