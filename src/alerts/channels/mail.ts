import { hash } from 'node:crypto';
import type { SendMailOptions } from 'nodemailer';
import type { Message } from '../channel.ts';
import { letterOf } from './letter.ts';
import { mailHtml } from './mail-html.ts';
import { mailText } from './mail-text.ts';
import type { EmailSettings } from './settings.ts';

/**
 * A message as a mail. Nothing from outside gets into its head: the subject names the rule, not what has happened, and stays the
 * same for all mails about a group, so that clients show them as one thread. The same message always has the same Message-ID.
 */
export function mailOf(message: Message, { from, to }: Pick<EmailSettings, 'from' | 'to'>, hostName: string): SendMailOptions {
  const letter = letterOf(message);
  const sender = `Sent by Outrigger on ${hostName}. Message ${idOf(message.id)}.`;
  const domain = from.slice(from.lastIndexOf('@') + 1);
  const isFollowUp = !['firing', 'digest', 'test'].includes(message.kind);
  return {
    from: { name: 'Outrigger', address: from },
    to: to.map((address) => ({ name: '', address })),
    subject: `${isFollowUp ? 'Re: ' : ''}[Outrigger] ${topicOf(message)}`,
    date: new Date(message.atMs),
    messageId: `<${idOf(message.id)}@${domain}>`,
    ...(message.kind !== 'test' && threadHeaders(message.thread, domain)),
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
    text: mailText(letter, sender),
    html: mailHtml(letter, sender),
    textEncoding: 'quoted-printable',
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** Nobody has had the mail that they name: it only holds the others together (RFC 5322, 3.6.4). */
function threadHeaders(thread: string, domain: string): Pick<SendMailOptions, 'inReplyTo' | 'references'> {
  const root = `<thread-${digestOf(thread)}@${domain}>`;
  return { inReplyTo: root, references: root };
}

function topicOf({ kind, notices, thread }: Message): string {
  if (kind === 'test') return 'test of this channel';
  if (kind === 'digest') return 'alerts that were not told one by one';
  const on = notices[0]?.on.replace(/[^a-z0-9-]/g, '').slice(0, 40) ?? '';
  return `${on || 'alert'} #${digestOf(thread).slice(0, 8)}`;
}

function idOf(id: string): string {
  return /^[A-Za-z0-9_-]{1,200}$/.test(id) ? id : digestOf(id);
}

function digestOf(text: string): string {
  return hash('sha256', text).slice(0, 32);
}
