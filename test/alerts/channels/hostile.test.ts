import { Webhook } from 'standardwebhooks';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Channel, Message } from '../../../src/alerts/channel.ts';
import { createChannel } from '../../../src/alerts/channels/create-channel.ts';
import { letterOf } from '../../../src/alerts/channels/letter.ts';
import { mailHtml } from '../../../src/alerts/channels/mail-html.ts';
import { channelSettings } from '../../../src/alerts/channels/settings.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { mailing, mailServer, type ReceivedMail } from './mail-server.ts';
import { hostileMessage, hostileTexts, message, notice } from './messages.ts';
import { type Received, receiver } from './receiver.ts';

const never = new AbortController().signal;
const corpus = Object.entries(hostileTexts);
const invisible = /(?!\n)\p{Cc}|[\u061C\u200B\u200E\u200F\u2028-\u202E\u2061-\u206F\uFEFF\u{E0000}-\u{E007F}]/u;
const ours = 'https://sidecar.example/links/inc_1/acknowledge/0/1/s';

/** Many incidents with the text in them, so that each way of showing them is tried. */
function messagesOf(text: string): Message[] {
  const one = hostileMessage(text);
  const [first] = one.notices;
  return [one, { ...one, kind: 'resolved' }, { ...one, notices: Array.from({ length: 20 }, () => first!), more: 3 }];
}

function channelTo(kind: 'slack' | 'webhook', url: string): Channel {
  const channel = createChannel(
    channelSettings.parse({ [kind]: { url, allowPrivate: true, ...(kind === 'webhook' && { secret }) } }),
    systemClock,
  );
  onTestFinished(() => channel.close?.());
  return channel;
}
const secret = `whsec_${Buffer.from('a secret that has enough bytes').toString('base64')}`;

/** The fields of the head of every mail. */
const ownFields = [
  ...['auto-submitted', 'content-type', 'date', 'from', 'in-reply-to', 'message-id', 'mime-version', 'references', 'subject', 'to'],
  'x-auto-response-suppress',
];

/** The tags of mails in which nothing is hostile. */
const plainShapes = new Set(messagesOf('two\nlines').flatMap((one) => tagsOf(mailHtml(letterOf(one), 'sender')).map(shapeOf)));

interface Text {
  type: string;
  text: string;
  emoji?: boolean;
}
interface Payload {
  text: string;
  blocks: { type: string; text?: Text; fields?: Text[] }[];
}

describe.each(corpus)('at Slack, %s', (_name, text) => {
  async function payloads(): Promise<Payload[]> {
    const { url, received } = await receiver();
    const channel = channelTo('slack', url);
    for (const one of messagesOf(text)) expect(await channel.send(one, never)).toMatchObject({ result: 'delivered' });
    expectNoForeignHeader(received);
    return received.map(({ body }) => JSON.parse(body) as Payload);
  }

  test('neither mentions anybody nor links to anything, and breaks no limit', async () => {
    for (const { text: short, blocks } of await payloads()) {
      expect(blocks.length).toBeLessThanOrEqual(50);
      const texts = blocks.flatMap((block) => [...(block.text ? [block.text] : []), ...(block.fields ?? [])]);
      const markup = texts.filter(({ type }) => type !== 'plain_text').map((one) => one.text);
      expect(markup.length).toBeGreaterThan(0);
      for (const one of markup) expect(one).toBe(`<${ours}|Acknowledge>`);
      for (const shown of [short, ...texts.filter(({ type }) => type === 'plain_text').map((one) => one.text)]) {
        expect(shown).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)|@[\p{L}\p{N}_]|:\/\/|\bwww\.|mailto:/u);
        expect(shown).not.toMatch(invisible);
        expect(shown.isWellFormed()).toBe(true);
        expect(shown.length).toBeGreaterThan(0);
        expect(shown.length).toBeLessThanOrEqual(3000);
      }
      for (const { type, text: own, fields = [] } of blocks) {
        if (type === 'header') expect(own!.text.length).toBeLessThanOrEqual(150);
        expect(fields.length).toBeLessThanOrEqual(10);
        for (const field of fields) expect(field.text.length).toBeLessThanOrEqual(2000);
      }
      expect(texts.every(({ type, emoji }) => type !== 'plain_text' || emoji === false)).toBe(true);
    }
  });
});

describe.each(corpus)('in a mail, %s', (_name, text) => {
  async function mails(): Promise<ReceivedMail[]> {
    const { port, received } = await mailServer();
    const channel = mailing(port);
    for (const one of messagesOf(text)) expect(await channel.send(one, never)).toMatchObject({ result: 'delivered' });
    // A mail within a mail would come as one more.
    expect(received).toHaveLength(3);
    return received;
  }

  test('gets nothing into the head, is text in the HTML, and no link but ours is one', async () => {
    for (const mail of await mails()) {
      expectOwnHead(mail);
      expectOwnHtml(mail.mail.html ?? '');
      const text = (mail.mail.text ?? '').replaceAll(`Acknowledge: ${ours}`, '');
      expect(text).not.toMatch(/:\/\/|\bwww\.|mailto:/);
      expect(text).not.toMatch(invisible);
    }
  });
});

describe.each(corpus)('at a webhook, %s', (_name, text) => {
  test('is data of a signed body, clean and capped', async () => {
    const { url, received } = await receiver();
    const channel = channelTo('webhook', url);
    for (const one of messagesOf(text)) expect(await channel.send(one, never)).toMatchObject({ result: 'delivered' });
    expectNoForeignHeader(received);
    for (const { body, headers } of received) {
      const verified = new Webhook(secret).verify(body, headers as Record<string, string>);
      const { data } = verified as { data: { id: string; incidents: Record<string, unknown>[] } };
      expect(data.id).toBe('msg_1');
      for (const { title, summary, advice, links } of data.incidents) {
        expect(String(title).length).toBeLessThanOrEqual(150);
        expect(String(summary).length).toBeLessThanOrEqual(1024);
        expect(String(advice).length).toBeLessThanOrEqual(1000);
        expect(links).toEqual({ acknowledge: ours });
      }
      expect(JSON.stringify(verified).replaceAll('\\n', '')).not.toMatch(invisible);
      expect(body.isWellFormed()).toBe(true);
      expect(Buffer.byteLength(body)).toBeLessThan(200_000);
    }
  });
});

test('a link that is no address of the web, or would end its markup, is left out or escaped', async () => {
  const { url, received } = await receiver();
  const links = { acknowledge: 'javascript:alert(1)', resolve: 'https://sidecar.example/a|b>c"d', incident: 'no link' };
  await channelTo('slack', url).send(message({ notices: [notice({ links })] }), never);
  const { blocks } = JSON.parse(received[0]!.body) as Payload;
  const markup = blocks.filter((block) => block.text?.type === 'mrkdwn').map((block) => block.text?.text);
  expect(markup).toEqual(['<https://sidecar.example/a%7Cb%3Ec%22d|Resolve>']);
});

function expectNoForeignHeader(received: readonly Received[]): void {
  const known = new Set([
    'host',
    'connection',
    'content-type',
    'user-agent',
    'content-length',
    'webhook-id',
    'webhook-timestamp',
    'webhook-signature',
  ]);
  expect(received.length).toBeGreaterThan(0);
  for (const { rawHeaders } of received) {
    const names = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  }
}

function tagsOf(html: string): string[] {
  return html.match(/<[^>]*>/g) ?? [];
}

/** A tag without the values of its attributes. */
function shapeOf(tag: string): string {
  return tag.replace(/="[^"]*"/g, '=');
}

function expectOwnHead({ raw, mail, to }: ReceivedMail): void {
  expect(to).toEqual(['oncall@example.org']);
  expect(mail.headers.map(({ key }) => key).toSorted()).toEqual(ownFields);
  const [head = ''] = raw.split('\r\n\r\n', 1);
  expect(head).not.toMatch(/bait|alert\(|victim|U012/);
  expect(mail.subject).toMatch(/^(Re: )?\[Outrigger\] circuit-open #[0-9a-f]{8}$/);
  expect(mail.attachments).toEqual([]);
}

function expectOwnHtml(html: string): void {
  const tags = tagsOf(html);
  for (const tag of tags) expect(plainShapes).toContain(shapeOf(tag));
  const links = tags.flatMap((tag) => [...tag.matchAll(/href="([^"]*)"/g)].map(([, target]) => target));
  expect(new Set(links)).toEqual(new Set([ours]));
  const visible = html.replace(/<[^>]*>/g, '');
  expect(visible).not.toMatch(/:\/\/|\bwww\.|mailto:/);
  expect(visible).not.toMatch(invisible);
  expect(html.length).toBeLessThan(400_000);
}
