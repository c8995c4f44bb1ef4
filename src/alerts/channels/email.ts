import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { isLoopback } from '../../settings/address.ts';
import type { Channel, Delivery, Message } from '../channel.ts';
import { mailOf } from './mail.ts';
import { plainLine } from './plain-text.ts';
import type { EmailSettings } from './settings.ts';
import { checkLiteral, findRefusal, guardedLookup } from './target-guard.ts';

/** Sends mails over SMTP, over a connection of its own each time. */
export function emailChannel(settings: EmailSettings): Channel {
  return {
    timeoutMs: settings.timeout,
    async send(message, signal): Promise<Delivery> {
      const late = AbortSignal.timeout(settings.timeout);
      const end = AbortSignal.any([signal, late]);
      try {
        return await sendMail(message, settings, end);
      } catch (error) {
        const refused = findRefusal(error);
        if (refused) return { result: 'refused', reason: refused.message };
        if (late.aborted) return { result: 'later', reason: `no answer within ${settings.timeout / 1000} s` };
        return end.aborted ? { result: 'later', reason: 'given up' } : judge(error);
      }
    },
  };
}

async function sendMail(message: Message, settings: EmailSettings, end: AbortSignal): Promise<Delivery> {
  // Whoever sends no mail does not load it.
  const { createTransport } = await import('nodemailer');
  const { hostname: host, port, protocol, username, password } = new URL(settings.smtp);
  const secure = protocol === 'smtps:';
  const name = host.replace(/^\[(.*)\]$/, '$1');
  const user = settings.user ?? decodeURIComponent(username);
  const socket = await connected(name, Number(port || (secure ? 465 : 587)), settings, end);
  // Nobody stands between this machine and itself.
  const isLocal = isLoopback(socket.remoteAddress ?? '');
  const transport = createTransport({
    host: name,
    secure,
    requireTLS: settings.requireTls && !isLocal,
    tls: { rejectUnauthorized: !isLocal },
    ...(user !== '' && { auth: { user, pass: settings.password ?? decodeURIComponent(password) } }),
    connectionTimeout: settings.timeout,
    greetingTimeout: settings.timeout,
    socketTimeout: settings.timeout,
    getSocket: (_options, callback) => callback(null, { connection: socket }),
  });
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const stop = () => reject(new Error('given up'));
  end.addEventListener('abort', stop, { once: true });
  try {
    const { response, rejected } = await Promise.race([transport.sendMail(mailOf(message, settings, hostname())), ended]);
    const without = rejected.length === 0 ? '' : `; refused for ${rejected.length} of ${settings.to.length} addresses`;
    return { result: 'delivered', said: `answered ${plainLine(response, 200)}${without}` };
  } finally {
    end.removeEventListener('abort', stop);
    transport.close();
    socket.destroy();
  }
}

async function connected(host: string, port: number, { allowPrivate, requireTls }: EmailSettings, signal: AbortSignal): Promise<Socket> {
  const rules = { allowPrivate, secure: requireTls };
  checkLiteral(host, rules);
  const socket = connect({ host, port, lookup: guardedLookup(rules) });
  // One that comes before anybody listens must not end the process.
  socket.on('error', () => {});
  try {
    await once(socket, 'connect', { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** A reply of 4xx, such as 451 for greylisting, may pass; one of 5xx will not. What is no reply at all may pass, too. */
function judge(error: unknown): Delivery {
  const failed = isObject(error) ? error : {};
  const causes = [failed, ...(Array.isArray(failed['rejectedErrors']) ? failed['rejectedErrors'].filter(isObject) : [])];
  const codes = causes.map((cause) => cause['responseCode']).filter((code) => typeof code === 'number');
  const [reply] = causes.map((cause) => cause['response']).filter((text) => typeof text === 'string' && text !== '');
  const text = typeof reply === 'string' ? `answered ${reply}` : String(failed['message'] || failed['code'] || error);
  const reason = plainLine(text, 300);
  return codes.length > 0 && codes.every((code) => code >= 500) ? { result: 'refused', reason } : { result: 'later', reason };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
