import { describe, expect, it } from 'vitest';
import { maskedConfig } from '../../src/config/masked-config.ts';
import { formatProblem } from '../../src/config/problem.ts';
import { load, valid } from './load-text.ts';

const rest = 'upstreams: { a: { url: http://x } }\nroutes: [{ path: /, upstream: a }]\n';

/** A configuration with one channel. */
function withChannel(channel: string): string {
  return `alerts: { rules: [{ on: circuit-open, send: [a] }], channels: { a: { ${channel} } } }\n${rest}`;
}

function problems(channel: string): string[] {
  const result = load(withChannel(channel));
  return result.ok ? [] : result.problems.map(({ path, message }) => `${path.slice(3).join('.')}: ${message}`);
}

describe('a channel', () => {
  it.each([
    ['', ': expected exactly one of slack, email and webhook'],
    ['slack: { url: "https://x/" }, webhook: { url: "https://x/", secret: s }', ': expected exactly one of slack, email and webhook'],
    ['slack: { url: "http://x/" }', 'slack.url: expected https://; http:// is for targets with allowPrivate: true'],
    ['slack: { url: "ftp://x/" }', 'slack.url: expected a URL that begins with https://'],
    ['slack: { url: "https://u:p@x/" }', 'slack.url: expected a URL without a user name and a password'],
    ['slack: { url: "https://x/", timeout: 0s }', 'slack.timeout: expected more than 0s'],
    ['webhook: { url: "https://x/", secret: "whsec_?" }', 'webhook.secret: expected Base64 behind whsec_'],
    ['email: { smtp: "http://x", from: a@b, to: [a@b] }', 'email.smtp: expected a URL such as smtp://mail.example.org:587'],
    ['email: { smtp: "smtp://x/path", from: a@b, to: [a@b] }', 'email.smtp: expected a URL without path and query'],
    ['email: { smtp: "smtp://x", from: a@b, to: [] }', 'email.to: expected at least one address'],
    ['email: { smtp: "smtp://x", from: "A <a@b>", to: [a@b] }', 'email.from: expected an address such as oncall@example.org'],
    ['email: { smtp: "smtp://x", from: "a@b\\r\\nBcc:c@d", to: [a@b] }', 'email.from: expected an address such as oncall@example.org'],
    ['email: { smtp: "smtp://x", from: a@b, to: ["a@b,c@d"] }', 'email.to.0: expected an address such as oncall@example.org'],
    ['email: { smtp: "smtp://x", user: me, from: a@b, to: [a@b] }', 'email.user: needs a password beside it'],
    ['email: { smtp: "smtp://x", password: me, from: a@b, to: [a@b] }', 'email.password: needs a user beside it'],
    ['email: { smtp: "smtp://u:p@x", user: me, password: p, from: a@b, to: [a@b] }', 'email.user: stands in the URL of smtp already'],
    [
      'email: { smtp: "smtp://x", requireTls: false, from: a@b, to: [a@b] }',
      'email.requireTls: may be false for a server on a private address alone: see allowPrivate',
    ],
  ])('of { %s } is refused: %s', (channel, problem) => {
    expect(problems(channel)).toEqual([problem]);
  });

  it.each([
    ['slack: { url: "https://10.0.0.1/" }', 'slack.url', /nothing will be sent; allowPrivate: true/],
    ['webhook: { url: "https://localhost/", secret: a-secret-of-many-characters }', 'webhook.url', /nothing will be sent/],
    ['email: { smtp: "smtp://127.0.0.1:1025", from: a@b, to: [a@b] }', 'email.smtp', /nothing will be sent/],
    ['webhook: { url: "https://x/", secret: short }', 'webhook.secret', /is shorter than 24 bytes/],
    ['webhook: { url: "https://x/", secret: whsec_c2hvcnQ= }', 'webhook.secret', /is shorter than 24 bytes/],
  ])('of { %s } is warned of at %s', (channel, path, message) => {
    const { warnings } = valid(withChannel(channel));
    expect(warnings.map((warning) => [warning.path.slice(3).join('.'), warning.message])).toEqual([[path, expect.stringMatching(message)]]);
  });

  it.each([
    'slack: { url: "https://hooks.slack.com/services/T/B/x" }',
    'slack: { url: "http://10.0.0.1:9/x", allowPrivate: true }',
    'email: { smtp: "smtps://mail.example.org", user: me, password: p, from: a@b, to: [a@b, c@d] }',
    'email: { smtp: "smtp://relay:25", requireTls: false, allowPrivate: true, from: a@b, to: [a@b] }',
    'webhook: { url: "https://x/", secret: a-secret-of-many-characters, previousSecret: other }',
  ])('of { %s } is fine', (channel) => {
    expect(valid(withChannel(channel)).warnings.map(formatProblem)).toEqual([]);
  });

  it('shows no secret', () => {
    const channels = [
      'a: { slack: { url: "https://hooks.slack.com/services/CANARY" } }',
      'b: { email: { smtp: "smtp://me:CANARY@mail", from: a@b, to: [a@b] } }',
      'c: { email: { smtp: "smtp://mail", user: me, password: CANARY, from: a@b, to: [a@b] } }',
      'd: { webhook: { url: "https://x/CANARY", secret: CANARY, previousSecret: CANARY } }',
    ];
    const masked = JSON.stringify(maskedConfig(valid(`alerts: { channels: { ${channels.join(', ')} } }\n${rest}`)));
    expect(masked).toContain('smtp://***@mail');
    expect(masked).not.toContain('CANARY');
  });

  it('has links that begin with the public URL of the admin port', () => {
    expect(valid(`admin: { publicUrl: "https://x.example/side" }\n${rest}`).config.admin.publicUrl).toBe('https://x.example/side');
    for (const [url, problem] of [
      ['ftp://x', 'expected a URL such as https://outrigger.example.org'],
      ['https://u:p@x', 'expected a URL without credentials, query and fragment'],
      ['https://x?a=b', 'expected a URL without credentials, query and fragment'],
    ]) {
      const result = load(`admin: { publicUrl: "${url}" }\n${rest}`);
      expect(result.ok ? [] : result.problems.map(({ message }) => message)).toEqual([problem]);
    }
  });
});
