import { describe, expect, it } from 'vitest';
import { statusOf } from '../kit/http-message.ts';
import { http, ok } from '../kit/http-text.ts';
import { exchange, rawClient } from '../kit/raw-client.ts';
import { answer, type RawUpstream, rawUpstream, silent } from '../kit/raw-upstream.ts';
import { eventually } from '../kit/timing.ts';
import { load, type ReloadingSidecar, reloadingSidecar, sampleOf } from './reloading-sidecar.ts';

const get = http(['GET / HTTP/1.1', 'Host: a']);
const broken = http(['HTTP/1.1 500 Internal Server Error', 'Content-Length: 0']);

function configFor({ url }: Pick<RawUpstream, 'url'>, policy: object, upstream = 'peer') {
  return {
    upstreams: { [upstream]: { url, dialect: 'http' } },
    routes: [{ path: '/', upstream, policy: 'only' }],
    policies: { only: policy },
  };
}

async function codeOf(address: { host: string; port: number }): Promise<string> {
  const { headerLines, body } = await exchange(address, get);
  return /"code":"(\w+)"/.exec(body)?.[1] ?? headerLines[0] ?? 'ok';
}

describe('the places of a bulkhead', () => {
  const one = { bulkhead: { concurrent: 1, queue: 0 } };

  it('stay taken: a reload lets nobody in besides', async () => {
    const upstream = await rawUpstream(silent);
    const sidecar = await reloadingSidecar(configFor(upstream, one));
    const agent = await rawClient(sidecar.proxy);
    agent.send(get);
    const connection = await upstream.connection();
    await connection.request();
    for (const policy of [one, { ...one, retry: {} }]) {
      sidecar.change(configFor(upstream, policy));
      expect(statusOf(await exchange(sidecar.proxy, get))).toBe(503);
    }
    connection.send(ok());
    await agent.response();
    agent.send(get);
    await connection.request();
    connection.send(ok('free again'));
    expect((await agent.response()).body).toBe('free again');
    expect(upstream.connections).toHaveLength(1);
  });

  it('stay taken while the upstream is away from the configuration, and where it comes back with another url', async () => {
    const [upstream, other] = [await rawUpstream(silent), await rawUpstream()];
    const sidecar = await reloadingSidecar(configFor(upstream, one));
    const agent = await rawClient(sidecar.proxy);
    agent.send(get);
    const connection = await upstream.connection();
    await connection.request();
    sidecar.change(configFor(other, one, 'other'));
    sidecar.change(configFor(other, one));
    expect(statusOf(await exchange(sidecar.proxy, get))).toBe(503);
    connection.send(ok());
    await agent.response();
    await eventually('a place is free', async () => statusOf(await exchange(sidecar.proxy, get)) === 200);
  });

  it('become more at once for those who wait', async () => {
    const upstream = await rawUpstream(silent);
    const sidecar = await reloadingSidecar(configFor(upstream, { bulkhead: { concurrent: 1, queue: 5, wait: '10m' } }));
    const [first, second] = [await rawClient(sidecar.proxy), await rawClient(sidecar.proxy)];
    first.send(get);
    await (await upstream.connection()).request();
    second.send(get);
    await eventually('it waits', async () => sampleOf(await sidecar.metrics(), 'outrigger_bulkhead_queue_length{upstream="peer"}') === 1);
    sidecar.change(configFor(upstream, { bulkhead: { concurrent: 2 } }));
    const connection = await upstream.connection(1);
    await connection.request();
    connection.send(ok('let in'));
    expect((await second.response()).body).toBe('let in');
  });

  it('are none where no bulkhead is configured any more', async () => {
    const upstream = await rawUpstream();
    const sidecar = await reloadingSidecar(configFor(upstream, one));
    expect(sampleOf(await sidecar.metrics(), 'outrigger_bulkhead_limit{upstream="peer"}')).toBe(1);
    sidecar.change(configFor(upstream, {}));
    expect(sampleOf(await sidecar.metrics(), 'outrigger_bulkhead_limit{upstream="peer"}')).toBe(0);
    expect(await sidecar.api('upstreams')).toMatchObject([{ bulkheadLimit: 0 }]);
  });
});

describe('a circuit', () => {
  const breaker = { circuitBreaker: { failures: 1, cooldown: '10m', cooldownMax: '10m' } };
  const state = 'outrigger_circuit_state{upstream="peer"}';

  async function opened() {
    const upstream = await rawUpstream(answer(broken));
    const sidecar = await reloadingSidecar(configFor(upstream, breaker));
    await exchange(sidecar.proxy, get);
    await eventually('it is open', async () => sampleOf(await sidecar.metrics(), state) === 2);
    return { upstream, sidecar };
  }

  it('stays open when the configuration changes', async () => {
    const { upstream, sidecar } = await opened();
    sidecar.change(configFor(upstream, { ...breaker, retry: {}, deadline: '1m' }));
    expect(await codeOf(sidecar.proxy)).toBe('circuit_open');
    expect(sampleOf(await sidecar.metrics(), state)).toBe(2);
    expect(upstream.requests).toHaveLength(1);
  });

  it('starts anew for another url, and that is told', async () => {
    const { sidecar } = await opened();
    const other = await rawUpstream();
    sidecar.change(configFor(other, breaker));
    const metrics = await sidecar.metrics();
    expect(sampleOf(metrics, state)).toBe(0);
    expect(sampleOf(metrics, 'outrigger_circuit_transitions_total{upstream="peer",to="closed"}')).toBe(1);
    expect(sidecar.lines).toContainEqual(
      expect.objectContaining({ msg: 'circuit', from: 'open', to: 'closed', why: 'its url has changed' }),
    );
    expect(statusOf(await exchange(sidecar.proxy, get))).toBe(200);
  });

  it('is forgotten with its upstream, and that is told', async () => {
    const { upstream, sidecar } = await opened();
    sidecar.change(configFor(upstream, breaker, 'other'));
    expect(sidecar.lines).toContainEqual(expect.objectContaining({ upstream: 'peer', why: 'it is gone from the configuration' }));
    sidecar.change(configFor(upstream, breaker));
    expect(sampleOf(await sidecar.metrics(), state)).toBe(0);
  });

  it('is not shown as open where no breaker is configured any more, and goes on where it is again', async () => {
    const { upstream, sidecar } = await opened();
    sidecar.change(configFor(upstream, {}));
    expect(sampleOf(await sidecar.metrics(), state)).toBe(0);
    expect(statusOf(await exchange(sidecar.proxy, get))).toBe(500);
    sidecar.change(configFor(upstream, breaker));
    expect(await codeOf(sidecar.proxy)).toBe('circuit_open');
  });
});

describe('a retry budget', () => {
  it('stays spent', async () => {
    const upstream = await rawUpstream(answer(broken));
    const retry = { attempts: 2, backoff: { base: '1ms', max: '2ms' }, budget: { ratio: '0%', minimum: 1 } };
    const sidecar = await reloadingSidecar(configFor(upstream, { retry }));
    await exchange(sidecar.proxy, get);
    expect(upstream.requests).toHaveLength(2);
    sidecar.change(configFor(upstream, { retry, deadline: '1m' }));
    await exchange(sidecar.proxy, get);
    expect(upstream.requests).toHaveLength(3);
    sidecar.change(configFor(upstream, { retry: { ...retry, budget: { ratio: '0%', minimum: 2 } } }));
    await exchange(sidecar.proxy, get);
    expect(upstream.requests).toHaveLength(5);
  });
});

describe('what adaptive retries have learned', () => {
  const retry = {
    attempts: 2,
    backoff: { strategy: 'adaptive', base: '1ms', max: '2ms' },
    budget: { ratio: '100%', minimum: 1000 },
    adapt: { window: '10m' },
  };

  /** How often the upstream is asked for one call. */
  async function askedFor(sidecar: ReloadingSidecar, upstream: RawUpstream): Promise<number> {
    const before = upstream.requests.length;
    await exchange(sidecar.proxy, get);
    return upstream.requests.length - before;
  }

  /** Retries are in vain, so there are none any more; the probe has been sent, and the next is half a minute away. */
  async function discouraged() {
    const upstream = await rawUpstream(answer(broken));
    const sidecar = await reloadingSidecar(configFor(upstream, { retry }));
    for (let call = 0; call < 11; call += 1) await exchange(sidecar.proxy, get);
    expect(await askedFor(sidecar, upstream)).toBe(1);
    return { upstream, sidecar };
  }

  it('stays when the configuration changes', async () => {
    const { upstream, sidecar } = await discouraged();
    sidecar.change(configFor(upstream, { retry, deadline: '1m' }));
    expect(await askedFor(sidecar, upstream)).toBe(1);
  });

  it('is forgotten for another url', async () => {
    const { sidecar } = await discouraged();
    const other = await rawUpstream(answer(broken));
    sidecar.change(configFor(other, { retry }));
    expect(await askedFor(sidecar, other)).toBe(2);
  });

  it('is forgotten with its upstream', async () => {
    const { upstream, sidecar } = await discouraged();
    sidecar.change(configFor(upstream, { retry }, 'other'));
    expect(await askedFor(sidecar, upstream)).toBe(2);
    sidecar.change(configFor(upstream, { retry }));
    expect(await askedFor(sidecar, upstream)).toBe(2);
  });
});

describe('a configuration that is valid and cannot be had', () => {
  it('changes nothing: an upstream cannot be linked', async () => {
    const upstream = await rawUpstream();
    const sidecar = await reloadingSidecar(configFor(upstream, { bulkhead: { concurrent: 3 } }));
    const next = configFor(upstream, { bulkhead: { concurrent: 7 } });
    // A directory is there and can be read as far as permissions go, and is no certificate.
    sidecar.change({ ...next, upstreams: { ...next.upstreams, spare: { url: 'https://127.0.0.1:9', tls: { ca: '/' } } } });
    const metrics = await sidecar.metrics();
    expect(sampleOf(metrics, 'outrigger_config_reloads_total{result="rejected"}')).toBe(1);
    expect(sampleOf(metrics, 'outrigger_bulkhead_limit{upstream="peer"}')).toBe(3);
    expect(metrics).not.toContain('spare');
    expect(sidecar.lines).toContainEqual(
      expect.objectContaining({ level: 'error', where: 'configuration upstreams.spare', msg: expect.stringContaining('EISDIR') }),
    );
    expect(statusOf(await exchange(sidecar.proxy, get))).toBe(200);
  });

  it('changes nothing: its stacks cannot be built', async () => {
    const upstream = await rawUpstream();
    const sidecar = await reloadingSidecar(configFor(upstream, { bulkhead: { concurrent: 3 } }), { bugs: 1 });
    const next = load(configFor(upstream, { bulkhead: { concurrent: 7 } }));
    const routes = [...next.config.routes, { path: '/more', upstream: 'nobody', policy: 'only' }];
    sidecar.change({ ...next, config: { ...next.config, routes } });
    const metrics = await sidecar.metrics();
    expect(sampleOf(metrics, 'outrigger_config_reloads_total{result="rejected"}')).toBe(1);
    expect(sampleOf(metrics, 'outrigger_bulkhead_limit{upstream="peer"}')).toBe(3);
    expect(statusOf(await exchange(sidecar.proxy, get))).toBe(200);
  });
});

describe('what is told of a new configuration', () => {
  it('has its names and levels: in metrics, in the API, in the log', async () => {
    const upstream = await rawUpstream();
    const sidecar = await reloadingSidecar(configFor(upstream, {}));
    await exchange(sidecar.proxy, get);
    const next = configFor(upstream, {}, 'other');
    sidecar.change({
      ...next,
      agents: { planner: {} },
      telemetry: { log: { level: 'info', access: true } },
      policies: { only: {}, idle: {} },
    });
    const metrics = await sidecar.metrics();
    expect(sampleOf(metrics, 'outrigger_requests_total{upstream="other",route="/",outcome="ok"}')).toBe(0);
    expect(sampleOf(metrics, 'outrigger_agent_requests_total{agent="planner",outcome="ok"}')).toBe(0);
    expect(sampleOf(metrics, 'outrigger_requests_total{upstream="peer",route="/",outcome="ok"}')).toBe(1);
    expect(sampleOf(metrics, 'outrigger_circuit_state{upstream="other"}')).toBe(0);
    expect(sampleOf(metrics, 'outrigger_circuit_state{upstream="peer"}')).toBeUndefined();
    expect(await sidecar.api('upstreams')).toMatchObject([{ name: 'other' }]);
    expect(await sidecar.api('config')).toMatchObject({ upstreams: { other: {} }, agents: { planner: {} } });
    expect(sidecar.lines).toContainEqual(expect.objectContaining({ level: 'warn', where: expect.stringContaining('policies.idle') }));
    expect(sidecar.lines.at(-1)).toMatchObject({ msg: 'configuration applied' });
    await exchange(sidecar.proxy, get);
    await eventually('a line for the exchange', () => sidecar.lines.at(-1)?.['msg'] === 'exchange');
    sidecar.change({ ...next, telemetry: { log: { level: 'silent', access: true } } });
    const { length } = sidecar.lines;
    await exchange(sidecar.proxy, get);
    await sidecar.metrics();
    expect(sidecar.lines).toHaveLength(length);
  });

  it('says what waits for a restart, and that stays as it is', async () => {
    const upstream = await rawUpstream();
    const sidecar = await reloadingSidecar(configFor(upstream, {}));
    sidecar.change({ ...configFor(upstream, { deadline: '7s' }), listen: '127.0.0.1:1', limits: { headers: '1KB' } });
    const waiting = sidecar.lines.filter(({ msg }) => String(msg).includes('until the next start'));
    expect(waiting).toMatchObject([
      { level: 'warn', where: 'listen' },
      { level: 'warn', where: 'limits.headers' },
    ]);
    expect(await sidecar.api('config')).toMatchObject({ listen: { address: '127.0.0.1:0' }, policies: { only: { deadline: 7000 } } });
    expect(statusOf(await exchange(sidecar.proxy, get))).toBe(200);
  });

  it('names a great many problems up to a number', async () => {
    const upstream = await rawUpstream();
    const sidecar = await reloadingSidecar(configFor(upstream, {}));
    sidecar.change({ ...configFor(upstream, {}), ...Object.fromEntries(Array.from({ length: 50 }, (_, key) => [`wrong${key}`, 1])) });
    expect(sidecar.lines.filter(({ msg }) => String(msg).startsWith('unknown key'))).toHaveLength(20);
    expect(sidecar.lines.at(-1)).toMatchObject({ msg: 'configuration rejected, the one in force stays', problems: 50 });
  });
});
