import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mailServer, reply } from './alerts/channels/mail-server.ts';
import { receiver } from './alerts/channels/receiver.ts';
import { runCommand } from './kit/run-command.ts';
import { temporaryDirectory } from './kit/temporary-directory.ts';

test('it tells what Slack, a mail server and a webhook said', async () => {
  const slack = await receiver();
  const mail = await mailServer();
  const alerts = {
    channels: {
      ops: { slack: { url: slack.url, allowPrivate: true } },
      mail: {
        email: { smtp: `smtp://127.0.0.1:${mail.port}`, from: 'outrigger@example.org', to: ['oncall@example.org'], allowPrivate: true },
      },
      hook: { webhook: { url: slack.url, secret: 's', allowPrivate: true } },
    },
  };
  const said = 'delivered; the other side answered';
  expect(await run(['alert', 'test', 'ops'], alerts)).toEqual({ code: 0, stdout: `ops: ${said} 200: ok\n`, stderr: '' });
  expect(await run(['alert', 'test', 'mail'], alerts)).toEqual({ code: 0, stdout: `mail: ${said} 250 queued as 4711\n`, stderr: '' });
  expect(await run(['alert', 'test', 'hook'], alerts)).toEqual({ code: 0, stdout: `hook: ${said} 200: ok\n`, stderr: '' });
  expect(slack.received.map(({ body }) => body.includes('Test: alerts of Outrigger arrive here') || body.includes('"alert.test"'))).toEqual(
    [true, true],
  );
  expect(mail.received[0]!.mail.subject).toBe('[Outrigger] test of this channel');
});

test('it tells of a wait that is asked for, of greylisting and of refusals, with exit code 1', async () => {
  const limited = await receiver((response) => void response.writeHead(429, { 'Retry-After': '30' }).end('rate_limited'));
  const gone = await receiver((response) => void response.writeHead(410).end('channel_is_archived'));
  const mail = await mailServer({ onRcptTo: (_address, _session, callback) => callback(reply(451, '4.7.1 Greylisted')) });
  const alerts = {
    channels: {
      limited: { slack: { url: limited.url, allowPrivate: true } },
      gone: { slack: { url: gone.url, allowPrivate: true } },
      mail: { email: { smtp: `smtp://127.0.0.1:${mail.port}`, from: 'a@example.org', to: ['b@example.org'], allowPrivate: true } },
      inner: { webhook: { url: 'https://127.0.0.1:1/', secret: 's' } },
    },
  };
  const later = 'not delivered, but it may work later: answered';
  expect(await run(['alert', 'test', 'limited'], alerts)).toEqual({
    code: 1,
    stdout: '',
    stderr: `limited: ${later} 429: rate_limited; it asks to wait 30 s\n`,
  });
  expect((await run(['alert', 'test', 'gone'], alerts)).stderr).toBe('gone: refused: answered 410: channel_is_archived\n');
  expect((await run(['alert', 'test', 'mail'], alerts)).stderr).toBe(`mail: ${later} 451 4.7.1 Greylisted\n`);
  expect((await run(['alert', 'test', 'inner'], alerts)).stderr).toMatch(
    /^inner: refused: 127\.0\.0\.1 is a private or loopback address; /,
  );
});

test('it knows its channels, and how it is used', async () => {
  const alerts = { channels: { ops: { slack: { url: 'https://hooks.slack.com/services/x' } } } };
  expect(await run(['alert', 'test', 'opps'], alerts)).toMatchObject({ code: 1, stderr: expect.stringContaining('did you mean "ops"?') });
  expect((await run(['alert', 'test', 'toString'], alerts)).stderr).toBe('outrigger: there is no channel "toString"; there are ops\n');
  expect((await run(['alert', 'test', 'ops'], undefined)).stderr).toBe('outrigger: there is no channel "ops": alerts.channels has none\n');
  expect(await run(['alert', 'test'], alerts)).toMatchObject({ code: 2, stderr: expect.stringContaining('needs the name of a channel') });
  expect(await run(['alert'], alerts)).toMatchObject({ code: 2, stderr: expect.stringContaining('there is no command "alert"') });
  expect(await run(['alert', 'test', 'ops', 'mail'], alerts)).toMatchObject({ code: 2 });
});

async function run(argv: string[], alerts: unknown) {
  const cwd = temporaryDirectory();
  const whole = { upstreams: { a: { url: 'http://127.0.0.1:9' } }, routes: [{ path: '/', upstream: 'a' }], ...(alerts ? { alerts } : {}) };
  writeFileSync(join(cwd, 'outrigger.yaml'), JSON.stringify(whole));
  return runCommand(argv, { cwd });
}
