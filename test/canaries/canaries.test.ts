import { createServer } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfigText } from '../../src/config/load.ts';
import { startSidecar } from '../../src/sidecar.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { listening } from '../kit/listening.ts';
import { eventually } from '../kit/timing.ts';

/** Every shape that a credential comes in; none may be seen anywhere. */
const canaries = {
  bearer: 'sk-canary-bearer-0123456789',
  basic: Buffer.from('user:canary-basic').toString('base64'),
  apiKey: 'canary-api-key-0123456789',
  google: 'AIzaCanaryGoogle0123456789abcdefghijk',
  github: 'ghp_canaryGithub0123456789abcdef',
  slack: 'xoxb-canary-slack-0123456789',
  aws: 'AKIACANARY0123456789',
  jwt: 'eyJhbGciOiJIUzI1NiJ9.canaryJwtPayload.canarySignature',
  cookie: 'canary-cookie-0123456789',
  query: 'canary-query-0123456789',
  userinfo: 'canary-userinfo',
  upstreamKey: 'canary-upstream-key',
  adminToken: 'canary-admin-token-0123456789',
  wrongToken: 'canary-wrong-token-0123456789',
  prompt: 'canary-words-of-a-prompt',
  answer: 'canary-words-of-an-answer',
  errorBody: 'canary-words-of-an-error',
};

const fields = {
  authorization: `Bearer ${canaries.bearer}`,
  'proxy-authorization': `Basic ${canaries.basic}`,
  'x-api-key': canaries.apiKey,
  'x-goog-api-key': canaries.google,
  cookie: `session=${canaries.cookie}`,
  'x-amz-security-token': canaries.aws,
  'x-custom': canaries.github,
  'x-outrigger-session': canaries.jwt,
  'user-agent': canaries.slack,
};

/** Answers by the path: well, with an error, by hanging up. */
async function upstream(): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    if (request.url?.includes('/reset')) return request.socket.destroy();
    const status = request.url?.includes('/fail') ? 500 : 200;
    const content = status === 200 ? canaries.answer : canaries.errorBody;
    const body = JSON.stringify({ error: { message: content }, choices: [{ message: { content } }], echo: request.headers });
    response.writeHead(status, { 'content-type': 'application/json', 'set-cookie': `a=${canaries.cookie}`, 'x-api-key': canaries.apiKey });
    return response.end(body);
  });
  return `127.0.0.1:${await listening(server)}`;
}

test.each(['json', 'pretty'] as const)(
  'no credential and no word of a call is in the log (%s), the metrics, the API or the live journal',
  async (format) => {
    const host = await upstream();
    const config = {
      listen: '127.0.0.1:0',
      admin: { listen: '127.0.0.1:0', token: canaries.adminToken },
      upstreams: {
        main: { url: `http://${host}`, dialect: 'openai', headers: { authorization: `Bearer ${canaries.upstreamKey}` } },
        gone: { url: 'http://127.0.0.1:1', dialect: 'openai' },
      },
      policies: {
        all: { retry: { attempts: 2, backoff: { base: '1ms' } }, timeout: {}, circuitBreaker: {}, fallback: [{ upstream: 'gone' }] },
      },
      routes: [{ path: '/main', upstream: 'main', policy: 'all' }],
      agents: { known: { keys: [canaries.bearer] } },
      telemetry: { log: { level: 'trace', format, access: true } },
    };
    let seen = '';
    const loaded = loadConfigText(JSON.stringify(config));
    const lines: string[] = [];
    const log = await createLog(loaded.config.telemetry.log, { write: (line) => lines.push(line) });
    const product = await startSidecar(loaded, log);
    onTestFinished(() => product.kill());
    const proxy = `http://127.0.0.1:${product.proxy.port}`;
    const admin = `http://127.0.0.1:${product.admin.port}`;
    const authorized = { headers: { authorization: `Bearer ${canaries.adminToken}` } };
    const leaving = new AbortController();
    const events = await fetch(`${admin}/api/events`, { ...authorized, signal: leaving.signal });
    const reading = (async () => {
      for await (const chunk of events.body!) seen += Buffer.from(chunk).toString();
    })().catch(() => {});

    const body = (model: string) =>
      JSON.stringify({ model, messages: [{ role: 'user', content: `${canaries.prompt} ${canaries.github}` }] });
    const models = ['gpt-5', canaries.bearer, canaries.google, canaries.jwt];
    const paths = [
      '/v1/chat/completions',
      `/fail/v1/chat/completions?key=${canaries.query}&token=${canaries.query}`,
      '/reset/v1/chat/completions',
    ];
    let calls = 0;
    for (const path of paths) {
      for (const model of models) {
        await (
          await fetch(`${proxy}/main${path}`, {
            method: 'POST',
            headers: { ...fields, 'content-type': 'application/json' },
            body: body(model),
          })
        ).text();
        calls += 1;
      }
    }
    await (await fetch(`${proxy}/nowhere/${canaries.github}?key=${canaries.query}`, { headers: fields })).text();
    for (const path of ['/', '/api/config', '/api/events', '/api/health', '/nothing']) {
      await (
        await fetch(`${admin}${path}?key=${canaries.query}`, {
          headers: { authorization: `Bearer ${canaries.wrongToken}`, cookie: canaries.cookie },
        })
      ).text();
    }
    product.reload({
      ok: false,
      files: new Map(),
      problems: [{ file: 'x', path: ['upstreams'], message: `wrong: http://user:${canaries.userinfo}@host/ and ${canaries.slack}` }],
    });
    log.logger.error(
      {
        err: new Error(`connect https://u:${canaries.userinfo}@x/?sig=${canaries.query}`),
        headers: fields,
        rawHeaders: Object.entries(fields).flat(),
      },
      `sent ${fields.authorization}`,
    );
    await eventually('every call is in the log', () => lines.filter((line) => line.includes('exchange')).length > calls);
    await eventually('every call is in the journal', () => seen.split('"kind":"call-ended"').length > calls);
    for (const path of [
      '/metrics',
      '/api/config',
      '/api/health',
      '/api/policies',
      '/api/upstreams',
      '/api/costs',
      '/api/agents',
      '/readyz?verbose',
      '/',
    ]) {
      const answer = await fetch(`${admin}${path}`, authorized);
      expect(answer.status, path).toBe(200);
      seen += await answer.text();
    }
    leaving.abort();
    await reading;
    seen += lines.join('');
    expect(lines.length).toBeGreaterThan(calls);
    const found = Object.entries(canaries).filter(([, canary]) => seen.includes(canary) || seen.includes(encodeURIComponent(canary)));
    expect(found.map(([name]) => name)).toEqual([]);
    // What makes a line worth reading is there all the same.
    for (const fact of ['main', 'verdict=server-error', 'ledger', 'upstream', 'outcome']) expect(lines.join('')).toContain(fact);
  },
  60_000,
);
