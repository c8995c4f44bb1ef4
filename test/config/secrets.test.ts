// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of the configuration look like that
import { describe, expect, it } from 'vitest';
import { loadConfigText } from '../../src/config/load.ts';
import { maskedConfig } from '../../src/config/masked-config.ts';
import { formatProblem } from '../../src/config/problem.ts';
import { load, valid } from './load-text.ts';

const canary = 'CANARY0123456789';

function reported(text: string, environment: Record<string, string> = {}): string {
  const result = load(text, environment);
  return result.ok ? '' : result.problems.map(formatProblem).join('\n');
}

describe('problems', () => {
  it.each([
    ['behind a misspelled key', `admin: { tokn: ${canary} }`],
    ['in a list below it', `agents: { a: { kees: [${canary}, ${canary}], foo: 1 } }`],
    ['beside a mistake in the same line', `upstreams: { a: { ulr: x, headers: { authorization: "Bearer ${canary}" } } }`],
    ['in a header with a wrong value', `upstreams: { a: { url: http://x, headers: { x-api-key: "${canary}\\u0001" } } }`],
    ['in a list of keys', `agents:\n  a:\n    keys:\n      - ${canary}\n      - [${canary}]\n`],
    ['in a text of many lines', `admin:\n  token: |\n    ${canary}\n    ${canary}\n  foo: 1\n  bar: { password: ${canary} }\n`],
    ['behind an alias', `agents: { a: { keys: [&k ${canary}, 5, *k] } }`],
    ['behind an alias to another place', `upstreams: { a: { headers: { x-note: &k ${canary} } } }\nadmin: { foo: 1, token: *k }`],
    ['of that place itself', `upstreams: { a: { foo: 1, headers: { x-note: &k ${canary} } } }\nadmin: { token: *k }`],
    ['that looks like a collection', `admin: { foo: 1, token: "{${canary}" }`],
    ['that is there twice', `agents: { a: { keys: [${canary}] }, b: { keys: [${canary}] } }`],
    ['in the URL of a webhook', `alerts: { channels: { a: { slack: { url: "http://hook.example/${canary}" } } } }`],
    ['in the URL of a mail server', `alerts: { channels: { a: { email: { smtp: "smtp://me:${canary}@mail.example/x", foo: 1 } } } }`],
    ['in a URL', `upstreams: { a: { url: "https://user:${canary}@example.org" } }`],
    ['in a quote without end', `admin: { token: "${canary}\n`],
    ['in broken YAML', `headers: { authorization: Bearer ${canary}, : } }\n  token:${canary}\n`],
    ['of a known form in broken YAML', `a: b: sk-${canary}\n`],
    ['as a key of its own section', `admin:\n  token: [${canary}]\n`],
  ])('do not show a secret %s', (_, text) => {
    const report = reported(text);
    expect(report).not.toBe('');
    expect(report).not.toContain(canary);
  });

  it('do not show what came from the environment', () => {
    const text =
      'admin: { token: "${S}", listen: "${S}" }\nresponseHeaders: ${S}\nroutes: [{ path: "${S}", upstream: "${S}", policy: "${S}" }]\ndrainTimeout: ${S}\nclientRetries: ${S}\n';
    const report = reported(text, { S: canary });
    expect(report).toContain('routes[0].policy');
    expect(report).not.toContain(canary);
  });

  it('do show where a secret comes from', () => {
    expect(reported('admin: { token: "${S}", foo: 1 }')).toContain('admin: { token: "${S}", foo: 1 }');
    expect(reported('upstreams: { a: { headers: { authorization: "Bearer ${S}" }, foo: 1 } }')).toContain('"Bearer ${S}"');
    expect(reported('admin: { token: file:/run/secrets/x, foo: 1 }')).toContain('token: file:/run/secrets/x');
  });
});

describe('the masked configuration', () => {
  const text = `
admin: { token: ${canary} }
drainTimeout: \${DRAIN}
listen: \${LISTEN}
upstreams:
  a:
    url: \${URL}
    headers:
      authorization: Bearer ${canary}
      X-Api-Key: ${canary}
      cookie: ${canary}
      x-token: ${canary}
      x-org: acme
      x-team: \${TEAM}
routes: [{ path: /a, upstream: a, policy: p }, { path: "\${PATH_B}", upstream: a }]
policies:
  p: { deadline: "\${DEADLINE}", retry: { attempts: 4, on: [timeout, "\${ON}"] } }
agents:
  planner: { keys: [${canary}, "\${KEY}"], timeout: { connect: "\${CONNECT}" } }
`;
  const environment = {
    DRAIN: '7s',
    LISTEN: '127.0.0.1:7777',
    URL: `http://${canary}.example.org`,
    TEAM: canary,
    PATH_B: '/b',
    DEADLINE: '7m',
    ON: 'network',
    KEY: `${canary}-2`,
    CONNECT: '7s',
  };

  it('hides tokens, keys, credential headers and all that came from outside, and shows the rest', () => {
    const loaded = valid(text, environment);
    const masked = maskedConfig(loaded) as Record<string, never>;
    expect(JSON.stringify(masked)).not.toContain(canary);
    expect(masked).toMatchObject({
      listen: '***',
      admin: { token: '***', listen: '127.0.0.1:4142', hosts: [] },
      drainTimeout: '***',
      upstreams: {
        a: {
          url: '***',
          dialect: 'auto',
          headers: { authorization: '***', 'X-Api-Key': '***', cookie: '***', 'x-token': '***', 'x-org': 'acme', 'x-team': '***' },
        },
      },
      policies: { p: { deadline: '***', retry: { attempts: 4, on: ['timeout', '***'], budget: { ratio: 0.2, minimum: 10 } } } },
      routes: [{ path: '/a', upstream: 'a', policy: 'p' }, { path: '***' }],
      agents: {
        planner: {
          keys: ['***', '***'],
          alone: { timeout: { connect: '***', idle: 60_000 } },
          merged: { p: { deadline: '***', timeout: { connect: '***' }, retry: { attempts: 4, on: ['timeout', '***'] } } },
        },
      },
    });
  });

  it('shows what a flag put in the place of a value from outside', () => {
    const loaded = loadConfigText(text, { listen: '127.0.0.1:1', environment, directory: '/' });
    expect(maskedConfig(loaded)).toMatchObject({ listen: { address: '127.0.0.1:1' }, drainTimeout: '***' });
  });

  it('leaves the configuration itself alone', () => {
    const loaded = valid(text, environment);
    maskedConfig(loaded);
    expect(loaded.config.admin.token).toBe(canary);
  });

  it('has no token where none is set', () => {
    const masked = maskedConfig(valid('upstreams: { a: { url: http://x } }\nroutes: [{ path: /, upstream: a }]\n')) as { admin: object };
    expect(masked.admin).toEqual({ listen: '127.0.0.1:4142', hosts: [] });
  });
});
