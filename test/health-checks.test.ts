import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { loadConfigText } from '../src/config/load.ts';
import { listening } from './kit/listening.ts';
import { sidecar } from './kit/start-sidecar.ts';
import { samples } from './telemetry/kit.ts';

/** Answers by the path: well, with an error, as a webhook that takes messages, and as one that refuses them. */
async function peer(): Promise<string> {
  const statuses: Record<string, number> = { fail: 500, refused: 400 };
  const server = createServer((request, response) => {
    request.resume();
    const [, first = ''] = (request.url ?? '').split('/');
    response.writeHead(statuses[first] ?? 200, { 'content-type': 'application/json' }).end('{}');
  });
  return `http://127.0.0.1:${await listening(server)}`;
}

/** What is warned of where half of all goes wrong. */
const lenient = {
  minimum: 1,
  errorRate: { warning: '40%', critical: '60%' },
  latency: { warning: '1ms', critical: '1h' },
  availability: { warning: '60%', critical: '40%' },
  breakers: { warning: 1, critical: 2 },
  memory: { warning: '0%', critical: '100%' },
  disk: { warning: '0%', critical: '100%' },
  eventLoop: { warning: '0s', critical: '1h' },
  alertDelivery: { warning: '40%', critical: '60%' },
};
const strict = {
  minimum: 1,
  errorRate: { critical: '40%' },
  latency: { warning: '1ms', critical: '1ms' },
  availability: { warning: '95%', critical: '60%' },
  breakers: { critical: 1 },
  memory: { warning: '0%', critical: '0%' },
  disk: { warning: '0%', critical: '0%' },
  eventLoop: { warning: '0s', critical: '0s' },
  alertDelivery: { critical: '40%' },
};
// How busy the processor is takes ten seconds to be known.
const judged = ['error-rate', 'latency', 'availability', 'breakers', 'memory', 'disk', 'event-loop', 'alert-delivery'];

test('every check of a running sidecar turns warning and critical by its settings, in readiness, the report and the metrics', async () => {
  const url = await peer();
  const hook = (path: string) => ({ webhook: { url: `${url}/${path}`, secret: 'a-secret-of-the-test', allowPrivate: true } });
  const config = (health: object) => ({
    upstreams: { main: { url, dialect: 'http' } },
    policies: { all: { circuitBreaker: { failures: 10, cooldown: '1h' } } },
    routes: [{ path: '/', upstream: 'main', policy: 'all' }],
    alerts: {
      groupWait: '0s',
      channels: { good: hook('taken'), bad: hook('refused') },
      rules: [{ on: 'circuit-open', send: ['good', 'bad'] }],
    },
    health,
  });
  const product = await sidecar(config(lenient));
  const call = async (path: string) => (await fetch(`http://127.0.0.1:${product.proxy.port}/${path}`)).text();
  for (let calls = 0; calls < 10; calls += 1) await call('fine');
  for (let calls = 0; calls < 10; calls += 1) await call('fail');

  const ask = async (path: string) => (await fetch(`http://127.0.0.1:${product.admin.port}${path}`)).text();
  interface Report {
    status: string;
    checks: { name: string; status: string; value: number | null; threshold: object }[];
  }
  const statuses = ({ checks }: Report) => Object.fromEntries(checks.map(({ name, status }) => [name, status]));
  const become = async (status: 'warning' | 'critical') => {
    const expected = Object.fromEntries(judged.map((name) => [name, status]));
    await expect
      .poll(async () => statuses((JSON.parse(await ask('/readyz?verbose')) as { health: Report }).health), { timeout: 10_000 })
      .toMatchObject(expected);
    const report = JSON.parse(await ask('/api/health')) as Report;
    expect(statuses(report)).toMatchObject(expected);
    expect(report.status).toBe(status);
    const found = samples(await ask('/metrics'));
    for (const name of ['overall', ...judged]) {
      expect(found.get(`outrigger_health_status{check="${name}"}`), name).toBe(status === 'warning' ? 1 : 2);
    }
  };
  await become('warning');
  const text = JSON.stringify({ listen: '127.0.0.1:0', admin: { listen: '127.0.0.1:0' }, ...config(strict) });
  product.reload({ ok: true, ...loadConfigText(text) });
  await become('critical');
});
