import { createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { certificate } from '../../kit/certificate.ts';
import { freePort } from '../../kit/free-port.ts';
import { listening } from '../../kit/listening.ts';
import { mailing, mailServer, reply } from './mail-server.ts';
import { message, notice } from './messages.ts';

const never = new AbortController().signal;

test('a mail arrives as text and as HTML, at everybody, and the reply is told', async () => {
  const { port, received } = await mailServer();
  const to = ['a@example.org', 'b@example.org'];
  const delivery = await mailing(port, { to }).send(message(), never);
  expect(delivery).toEqual({ result: 'delivered', said: 'answered 250 queued as 4711' });
  expect(received).toHaveLength(1);
  const [{ mail, ...envelope }] = received as [(typeof received)[number]];
  expect(envelope).toMatchObject({ from: 'outrigger@example.org', to });
  expect(mail.from).toMatchObject({ name: 'Outrigger', address: 'outrigger@example.org' });
  expect(mail.to?.map(({ address }) => address)).toEqual(to);
  expect(mail.subject).toMatch(/^\[Outrigger\] circuit-open #[0-9a-f]{8}$/);
  expect(mail.date).toBe('2026-11-21T12:01:00.000Z');
  for (const part of [mail.text, mail.html]) {
    for (const text of ['Circuit open: openai', '5 failures in a row', '2026-11-21 12:00 UTC', 'verdict=overloaded', 'status page'])
      expect(part).toContain(text);
  }
  expect(mail.text).toContain('Acknowledge: https://sidecar.example/links/inc_1/acknowledge/0/1/s?a=1&b=2\n');
  expect(mail.html).toContain('href="https://sidecar.example/links/inc_1/acknowledge/0/1/s?a=1&amp;b=2"');
  expect(mail.headers.find(({ key }) => key === 'auto-submitted')?.value).toBe('auto-generated');
});

test('all mails about a group are one thread, and the same message has the same id at every try', async () => {
  const { port, received } = await mailServer();
  const channel = mailing(port);
  const steps = ['firing', 'escalated', 'reminder', 'acknowledged', 'resolved', 'resolved'] as const;
  for (const [index, kind] of steps.entries()) {
    // The last one is sent twice.
    await channel.send(message({ kind, id: `msg_${Math.min(index, 4)}`, atMs: Date.UTC(2026, 10, 21, 12, index) }), never);
  }
  await channel.send(message({ id: 'other', thread: 'group-2' }), never);
  const mails = received.map(({ mail }) => mail);
  expect(mails.map(({ messageId }) => messageId)).toEqual(
    ['msg_0', 'msg_1', 'msg_2', 'msg_3', 'msg_4', 'msg_4', 'other'].map((id) => `<${id}@example.org>`),
  );
  const threads = mails.map(({ references, inReplyTo, subject }) => [references, inReplyTo, subject?.replace(/^Re: /, '')].join('|'));
  expect(new Set(threads.slice(0, 6)).size).toBe(1);
  expect(threads[6]).not.toBe(threads[0]);
  expect(mails[0]!.references).toMatch(/^<thread-[0-9a-f]{32}@example\.org>$/);
  expect(mails[0]!.subject).not.toMatch(/^Re:/);
  expect(mails[4]!.subject).toMatch(/^Re: /);
});

test('what is over says so, with how long it lasted and who ended it', async () => {
  const { port, received } = await mailServer();
  const over = notice({ status: 'resolved', untilMs: Date.UTC(2026, 10, 21, 13, 5), by: 'anna', links: {} });
  await mailing(port).send(message({ kind: 'resolved', notices: [over] }), never);
  const { mail } = received[0]!;
  expect(mail.text).toContain('Resolved: Circuit open: openai');
  expect(mail.text).toContain('Resolved by anna after 1 h 5 min');
  expect(mail.text).not.toContain('http');
});

test('twenty incidents are one mail, and a test says that nothing is wrong', async () => {
  const { port, received } = await mailServer();
  const channel = mailing(port);
  const notices = Array.from({ length: 20 }, (_, index) => notice({ title: `incident number ${index}` }));
  await channel.send(message({ notices, more: 5 }), never);
  await channel.send(message({ kind: 'digest', notices: [], more: 7 }), never);
  await channel.send(message({ kind: 'test', notices: [] }), never);
  const [many, digest, trial] = received.map(({ mail }) => mail);
  expect(many!.text).toContain('Firing: 25 incidents, such as: incident number 0');
  expect(many!.text).toContain('incident number 19');
  expect(many!.text).toContain('5 more are not listed here.');
  expect(digest!.text).toContain('7 more alerts that were not told one by one');
  expect(trial!.text).toContain('Nothing is wrong');
});

test.each([
  ['greylisting', 451, 'later'],
  ['a full mailbox', 452, 'later'],
  ['a service that is closing', 421, 'later'],
  ['an unknown mailbox', 550, 'refused'],
  ['a policy', 554, 'refused'],
])('%s, told by %i at the recipient, means %s', async (_why, code, result) => {
  const { port } = await mailServer({ onRcptTo: (_address, _session, callback) => callback(reply(code, 'not now, or never')) });
  const delivery = await mailing(port).send(message(), never);
  expect(delivery).toEqual({ result, reason: `answered ${code} not now, or never` });
});

test.each([
  [451, 'later'],
  [554, 'refused'],
])('a reply of %i to the mail itself means %s', async (code, result) => {
  const { port } = await mailServer({
    onData(stream, _session, callback) {
      stream.on('end', () => callback(reply(code, 'said at the end'))).resume();
    },
  });
  expect(await mailing(port).send(message(), never)).toEqual({ result, reason: `answered ${code} said at the end` });
});

test('one address that is refused keeps no mail from the others', async () => {
  const { port, received } = await mailServer({
    onRcptTo: ({ address }, _session, callback) => callback(address.startsWith('gone') ? reply(550, 'gone') : null),
  });
  const delivery = await mailing(port, { to: ['gone@example.org', 'b@example.org'] }).send(message(), never);
  expect(delivery).toEqual({ result: 'delivered', said: 'answered 250 queued as 4711; refused for 1 of 2 addresses' });
  expect(received[0]!.to).toEqual(['b@example.org']);
});

test('where some addresses may be taken later and others never, it is tried again', async () => {
  const { port } = await mailServer({
    onRcptTo: ({ address }, _session, callback) => callback(address.startsWith('gone') ? reply(550, 'gone') : reply(451, 'greylisted')),
  });
  expect(await mailing(port, { to: ['gone@example.org', 'b@example.org'] }).send(message(), never)).toMatchObject({ result: 'later' });
});

test('it logs in by the name and the password of the settings, or of the URL', async () => {
  const { port, received } = await mailServer({
    onAuth({ username, password }, _session, callback) {
      if (password === 'p@ss w:rd') callback(null, { user: username });
      else callback(reply(535, 'authentication failed'));
    },
  });
  await mailing(port, { user: 'me', password: 'p@ss w:rd' }).send(message(), never);
  await mailing(port, { smtp: `smtp://you:p%40ss%20w%3Ard@127.0.0.1:${port}` }).send(message(), never);
  expect(received.map(({ user }) => user)).toEqual(['me', 'you']);
  const delivery = await mailing(port, { user: 'me', password: 'canary' }).send(message(), never);
  expect(delivery).toMatchObject({ result: 'refused', reason: expect.stringContaining('535') });
  expect(JSON.stringify(delivery)).not.toContain('canary');
});

test('it speaks TLS where the server offers it, and from the start by smtps', async () => {
  const { key, cert } = await certificate();
  const offering = await mailServer({ disabledCommands: [], key, cert });
  await mailing(offering.port).send(message(), never);
  const strict = await mailServer({ secure: true, key, cert });
  await mailing(strict.port, { smtp: `smtps://127.0.0.1:${strict.port}` }).send(message(), never);
  expect([...offering.received, ...strict.received].map(({ secure }) => secure)).toEqual([true, true]);
});

test.each<[string, (socket: Socket) => void]>([
  ['never greets', () => {}],
  ['falls silent after its greeting', (socket) => void socket.write('220 here\r\n')],
  ['greets slowly, without an end', (socket) => void setInterval(() => socket.writable && socket.write('220-more\r\n'), 20).unref()],
])('a server that %s is given up', async (_what, behave) => {
  const sockets: Socket[] = [];
  const port = await tcpServer((socket) => {
    sockets.push(socket);
    behave(socket);
  });
  const delivery = await mailing(port, { timeout: '300ms' }).send(message(), never);
  expect(delivery).toEqual({ result: 'later', reason: 'no answer within 0.3 s' });
  await expect.poll(() => sockets.every(({ destroyed }) => destroyed)).toBe(true);
});

test('a server that is gone, cuts the line or speaks another language is tried again later', async () => {
  expect(await mailing(await freePort()).send(message(), never)).toMatchObject({
    result: 'later',
    reason: expect.stringContaining('ECONNREFUSED'),
  });
  const cutting = await tcpServer((socket) => void socket.end('220 here\r\n'));
  expect(await mailing(cutting, { timeout: '2s' }).send(message(), never)).toMatchObject({ result: 'later' });
  const web = await tcpServer((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  expect(await mailing(web, { timeout: '2s' }).send(message(), never)).toMatchObject({ result: 'later' });
});

test('it lets go at once when it is told to', async () => {
  const port = await tcpServer(() => {});
  const abort = new AbortController();
  const sending = mailing(port).send(message(), abort.signal);
  setImmediate(() => abort.abort());
  expect(await sending).toEqual({ result: 'later', reason: 'given up' });
});

async function tcpServer(onSocket: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {}).resume();
    onSocket(socket);
    onTestFinished(() => void socket.destroy());
  });
  return listening(server);
}
