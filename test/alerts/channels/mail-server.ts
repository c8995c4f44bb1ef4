import type { AddressInfo } from 'node:net';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { onTestFinished } from 'vitest';
import type { Channel } from '../../../src/alerts/channel.ts';
import { emailChannel } from '../../../src/alerts/channels/email.ts';
import { channelSettings } from '../../../src/alerts/channels/settings.ts';

export interface ReceivedMail {
  /** As it came over the line. */
  readonly raw: string;
  readonly mail: Email;
  readonly from: string;
  readonly to: readonly string[];
  readonly secure: boolean;
  readonly user: string | undefined;
}

export interface MailServer {
  readonly port: number;
  readonly received: ReceivedMail[];
}

/** An error that smtp-server answers with that code. */
export function reply(code: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode: code });
}

/** A mail server on loopback, without STARTTLS unless the options say so; closed when the test has finished. */
export async function mailServer(options: SMTPServerOptions = {}): Promise<MailServer> {
  const received: ReceivedMail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const raw = Buffer.concat(chunks);
        const { mailFrom, rcptTo } = session.envelope;
        void PostalMime.parse(raw).then((mail) => {
          received.push({
            raw: raw.toString('latin1'),
            mail,
            from: mailFrom ? mailFrom.address : '',
            to: rcptTo.map(({ address }) => address),
            secure: session.secure,
            user: session.user,
          });
          callback(null, 'queued as 4711');
        });
      });
    },
    ...options,
  });
  server.on('error', () => {});
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  onTestFinished(() => {
    const { promise: closed, resolve: done } = Promise.withResolvers<void>();
    server.close(() => done());
    return closed;
  });
  return { port: (server.server.address() as AddressInfo).port, received };
}

/** A channel that sends mails to that port of this machine. */
export function mailing(port: number, settings: Record<string, unknown> = {}): Channel {
  const email = {
    smtp: `smtp://127.0.0.1:${port}`,
    from: 'outrigger@example.org',
    to: ['oncall@example.org'],
    allowPrivate: true,
    ...settings,
  };
  const parsed = channelSettings.parse({ email }).email;
  return emailChannel(parsed!);
}
