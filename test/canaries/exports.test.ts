import { createServer } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfigText } from '../../src/config/load.ts';
import { type Sidecar, startSidecar } from '../../src/sidecar.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { listening } from '../kit/listening.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';
import { eventually } from '../kit/timing.ts';
import { otlpReceiver } from '../telemetry/traces/otlp-receiver.ts';

/** Keys by their shape: wherever they stand, nobody may see them. */
const shaped = {
  bearer: 'sk-canary-bearer-0123456789',
  model: 'sk-canary-model-0123456789',
  tool: 'ghp_canaryTool0123456789abcdef',
  agent: 'sk-canary-agent-0123456789',
  session: 'xoxb-canary-session-0123456789',
  errorMessage: 'sk-proj-canaryError0123456789abcdef',
  rpcError: 'AKIACANARYRPC0123456',
  answered: 'sk-canary-answered-model-0123',
  answerId: 'ghp_canaryAnswerId0123456789abc',
  finish: 'sk-canary-finish-0123456789',
  note: 'sk-canary-note-0123456789',
  alert: 'sk-canary-alertmanager-0123456789',
};
/** Secrets by where they stand. */
const placed = {
  apiKey: 'canary-api-key-0123456789',
  cookie: 'canary-cookie-0123456789',
  query: 'canary-query-0123456789',
  userinfo: 'canary-userinfo-0123456789',
  upstreamKey: 'canary-upstream-key-0123456789',
  webhook: 'canary-webhook-secret-0123456789',
  answerCookie: 'canary-answer-cookie-0123456789',
};
/** What was said: to be seen by nobody unless it is asked for. */
const spoken = { prompt: 'canary-words-of-a-prompt', answer: 'canary-words-of-an-answer', argument: 'canary-words-of-an-argument' };

/** A provider, a server of tools and the receiver of a webhook in one. */
async function peer() {
  const hooks: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      const json = { 'content-type': 'application/json', 'set-cookie': `a=${placed.answerCookie}`, 'x-api-key': placed.apiKey };
      const path = request.url ?? '';
      if (path.startsWith('/hook')) {
        hooks.push(body);
        response.end();
      } else if (path.includes('/mcp')) {
        const { id } = JSON.parse(body) as { id: number };
        const error = { code: -32000, message: `no access with ${shaped.rpcError}` };
        response.writeHead(200, json).end(JSON.stringify({ jsonrpc: '2.0', id, error }));
      } else if (path.includes('/fail')) {
        const message = `Incorrect API key: ${shaped.errorMessage}, at https://user:${placed.userinfo}@host${path}`;
        response
          .writeHead(path.includes('/fail-key') ? 401 : 500, json)
          .end(JSON.stringify({ error: { message, code: shaped.errorMessage } }));
      } else {
        const message = { role: 'assistant', content: `${spoken.answer} ${shaped.errorMessage}` };
        const choices = [{ index: 0, message, finish_reason: shaped.finish }];
        response.writeHead(200, json).end(JSON.stringify({ id: shaped.answerId, model: shaped.answered, choices }));
      }
    });
  });
  return { hooks, host: `127.0.0.1:${await listening(server)}` };
}

async function everything(capture: boolean) {
  const { hooks, host } = await peer();
  const receiver = await otlpReceiver();
  const dir = temporaryDirectory();
  const events = ['circuit-open', 'loop-detected', 'agent-paused', 'auth-failed', 'fallback-exhausted', 'upstream-unreachable'];
  const config = {
    listen: '127.0.0.1:0',
    admin: { listen: '127.0.0.1:0' },
    state: { dir },
    upstreams: {
      main: { url: `http://${host}`, dialect: 'openai', headers: { authorization: `Bearer ${placed.upstreamKey}` } },
      tools: { url: `http://${host}/tools`, dialect: 'mcp' },
      gone: { url: 'http://127.0.0.1:1', dialect: 'openai' },
    },
    policies: {
      all: {
        retry: { attempts: 2, backoff: { base: '1ms' } },
        timeout: {},
        circuitBreaker: { failures: 3 },
        fallback: [{ upstream: 'gone', model: 'spare-model' }],
        loopDetection: { action: 'pause' },
      },
    },
    routes: [
      { path: '/main', upstream: 'main', policy: 'all' },
      { path: '/tools', upstream: 'tools', policy: 'all' },
    ],
    alerts: {
      groupWait: '0s',
      channels: { hook: { webhook: { url: `http://${host}/hook?sig=${placed.query}`, secret: placed.webhook, allowPrivate: true } } },
      rules: [
        ...events.map((on) => ({ on, minimum: on === 'circuit-open' || on === 'agent-paused' ? undefined : 1, send: ['hook'] })),
        { on: 'alertmanager', send: ['hook'] },
      ],
    },
    telemetry: {
      log: { level: 'trace', access: true },
      traces: { endpoint: receiver.url, sample: '100%' },
      metrics: { otlp: { endpoint: receiver.url, interval: '1s' } },
      capture: { bodies: capture },
    },
  };
  const loaded = loadConfigText(JSON.stringify(config));
  const lines: string[] = [];
  const product = await startSidecar(loaded, await createLog(loaded.config.telemetry.log, { write: (line) => lines.push(line) }));
  onTestFinished(() => product.kill());
  return { product, hooks, receiver, lines };
}

const fields = {
  'content-type': 'application/json',
  authorization: `Bearer ${shaped.bearer}`,
  'x-api-key': placed.apiKey,
  cookie: `session=${placed.cookie}`,
  'x-outrigger-agent': shaped.agent,
  'x-outrigger-session': shaped.session,
};

async function calls({ proxy, admin }: Sidecar): Promise<number> {
  const url = `http://127.0.0.1:${proxy.port}`;
  let made = 0;
  const send = async (path: string, body: object) => {
    made += 1;
    await (await fetch(`${url}${path}?key=${placed.query}`, { method: 'POST', headers: fields, body: JSON.stringify(body) })).text();
  };
  const round = { id: 'call_1', type: 'function', function: { name: shaped.tool, arguments: `{"a":"${spoken.argument}"}` } };
  const rounds = Array.from({ length: 6 }, () => [
    { role: 'assistant', content: null, tool_calls: [round] },
    { role: 'tool', tool_call_id: 'call_1', content: `denied to ${shaped.errorMessage}` },
  ]);
  const chat = { model: shaped.model, messages: [{ role: 'user', content: `${spoken.prompt} ${shaped.bearer}` }, ...rounds.flat()] };
  const tool = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: shaped.tool, arguments: { a: spoken.argument } } };
  await send('/main/v1/chat/completions', { ...chat, messages: chat.messages.slice(0, 1) });
  for (let again = 0; again < 4; again += 1) await send('/tools/mcp', tool);
  await send('/main/fail-key/v1/chat/completions', { ...chat, messages: chat.messages.slice(0, 1) });
  for (let again = 0; again < 3; again += 1) await send('/main/fail/v1/chat/completions', chat);
  const alert = {
    status: 'firing',
    labels: { alertname: 'Custom', token: shaped.alert },
    annotations: { summary: `leaked ${shaped.alert} and http://u:${placed.userinfo}@host/` },
  };
  const post = (path: string, body: object) =>
    fetch(`http://127.0.0.1:${admin.port}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  await post('/hooks/alertmanager', {
    version: '4',
    groupKey: 'g',
    status: 'firing',
    receiver: 'r',
    alerts: [{ ...alert, startsAt: new Date().toISOString(), fingerprint: 'a1' }],
  });
  await post('/api/agents/default/pause', { reason: `because of ${shaped.note}` });
  return made;
}

test.each([false, true])(
  'no credential leaves by traces, pushed metrics, alerts, the log or the API (content in traces: %s)',
  async (capture) => {
    const { product, hooks, receiver, lines } = await everything(capture);
    const made = await calls(product);
    await eventually('every call is in the log', () => lines.filter((line) => line.includes('"exchange"')).length >= made);
    // A paused agent explains its loops: whether those are told as well depends on which of them is seen to first.
    const told = (on: string) => hooks.some((body) => body.includes(`"on":"${on}"`));
    await eventually('alerts are told', () => told('agent-paused') && told('alertmanager'));
    const seen = new Map<string, string>();
    for (const path of [
      'metrics',
      'api/agents',
      'api/incidents',
      'api/health',
      'api/policies',
      'api/upstreams',
      'api/costs',
      'api/config',
      'readyz?verbose',
    ]) {
      const answer = await fetch(`http://127.0.0.1:${product.admin.port}/${path}`);
      expect(answer.status, path).toBe(200);
      seen.set(path, await answer.text());
    }
    const { incidents } = JSON.parse(seen.get('api/incidents') ?? '') as { incidents: { id: string }[] };
    expect(incidents.length).toBeGreaterThanOrEqual(3);
    for (const { id } of incidents) {
      for (const path of [`api/incidents/${id}`, `api/incidents/${id}/report`])
        seen.set(path, await (await fetch(`http://127.0.0.1:${product.admin.port}/${path}`)).text());
    }
    await product.stop();
    expect(receiver.spans.length).toBeGreaterThan(made);
    expect(receiver.metrics.size).toBeGreaterThan(50);
    seen.set('otlp', Buffer.concat(receiver.requests.map(({ body }) => body)).toString('latin1'));
    seen.set('webhook', hooks.join('\n'));
    seen.set('log', lines.join(''));

    const hidden = { ...shaped, ...placed, ...(capture ? {} : spoken) };
    const found = [...seen].flatMap(([where, text]) =>
      Object.entries(hidden).flatMap(([name, canary]) =>
        text.includes(canary) || text.includes(encodeURIComponent(canary)) ? [`${name} in ${where}`] : [],
      ),
    );
    expect(found).toEqual([]);
    if (capture) expect(seen.get('otlp')).toContain(spoken.prompt);
  },
);
