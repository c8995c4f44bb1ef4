import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { http, ok } from '../kit/http-text.ts';
import { type RawUpstream, rawUpstream } from '../kit/raw-upstream.ts';
import { runCommand } from '../kit/run-command.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';
import { eventually, within } from '../kit/timing.ts';
import { launch } from '../life/sidecar-process.ts';
import { samples } from '../telemetry/kit.ts';
import { admin, clientsOf, startWorkers, type Workers, workerPids } from './kit.ts';

function configFor({ url }: Pick<RawUpstream, 'url'>, policy: Record<string, unknown> = {}, more: Record<string, unknown> = {}) {
  return {
    ...{ upstreams: { peer: { url, dialect: 'http' } }, policies: { p: policy } },
    ...{ routes: [{ path: '/', upstream: 'peer', policy: 'p' }], drainTimeout: '20s', ...more },
  };
}

/** An upstream that answers `/held` when it is told to, `/fail` with 503 and all else at once. */
async function upstreamThatHolds() {
  const held: (() => void)[] = [];
  const upstream = await rawUpstream(async (connection) => {
    for (let request = await connection.request(); request; request = await connection.request()) {
      if (request.startLine.includes('/held')) await new Promise<void>((resolve) => held.push(resolve));
      if (connection.socket.destroyed) return;
      connection.send(request.startLine.includes('/fail') ? http(['HTTP/1.1 503 Down', 'Content-Length: 0']) : ok('done'));
    }
  });
  return { upstream, held };
}

const logged = ({ output }: Pick<Workers, 'output'>, text: string) => output().split(text).length - 1;

/** Kills the worker that was started first, and waits for the one in its place. */
async function replaceFirst(sidecar: Workers): Promise<void> {
  const [first] = workerPids(sidecar);
  process.kill(first!, 'SIGKILL');
  await eventually('another worker runs', () => {
    const pids = workerPids(sidecar);
    return pids.length === 2 && !pids.includes(first!);
  });
}

it('loses with a worker that is killed only its own calls, and starts another that knows what all know', async () => {
  const { upstream, held } = await upstreamThatHolds();
  const sidecar = await startWorkers(configFor(upstream, { circuitBreaker: { failures: 3, cooldown: '1h', cooldownMax: '1h' } }));
  const [one, other] = sidecar.clients;
  const kept = other!.get('/held');
  const lost = expect(one!.get('/held')).rejects.toThrow();
  await eventually('both calls are at the upstream', () => held.length === 2);
  await admin(sidecar, '/api/agents/planner/pause', { reason: 'stop' });
  const before = samples(await admin(sidecar, '/metrics'));
  expect(before.get('outrigger_inflight_requests{upstream="peer"}')).toBe(2);
  await replaceFirst(sidecar);
  await lost;
  for (const answer of held) answer();
  expect((await kept).text).toBe('done');
  expect(logged(sidecar, 'a worker has ended: another one is started')).toBe(1);

  const [fresh] = await clientsOf(sidecar, 2);
  expect((await fresh!.get('/@planner/x')).status).toBe(423);
  const after = samples(await admin(sidecar, '/metrics'));
  expect(after.get('outrigger_inflight_requests{upstream="peer"}')).toBe(0);
  const ok200 = 'outrigger_requests_total{upstream="peer",route="/",outcome="ok"}';
  // What the dead one had counted is still there.
  expect(after.get(ok200)).toBeGreaterThanOrEqual((before.get(ok200) ?? Number.NaN) + 2);
});

it('tells a worker that takes the place of another which circuits are open', async () => {
  const { upstream } = await upstreamThatHolds();
  const sidecar = await startWorkers(configFor(upstream, { circuitBreaker: { failures: 3, cooldown: '1h', cooldownMax: '1h' } }));
  for (let call = 0; call < 3; call += 1) await sidecar.clients[0]!.get('/fail');
  await eventually('it is open in the other', async () => (await sidecar.clients[1]!.get()).text.includes('circuit_open'));
  const reached = upstream.requests.length;
  await replaceFirst(sidecar);
  for (const client of await clientsOf(sidecar, 2)) expect((await client.get()).text).toContain('circuit_open');
  expect(upstream.requests.length).toBe(reached);
});

it('puts a new configuration in force in every worker, and a wrong one in none', async () => {
  const { upstream } = await upstreamThatHolds();
  const { upstream: second } = await upstreamThatHolds();
  const config = configFor(upstream, {}, { telemetry: { log: { access: true } } });
  const sidecar = await startWorkers(config);
  const write = (routes: unknown, upstreams: unknown) =>
    writeFileSync(
      sidecar.file,
      JSON.stringify({
        listen: '127.0.0.1:0',
        admin: { listen: '127.0.0.1:0' },
        state: { dir: sidecar.state },
        ...config,
        routes,
        upstreams,
      }),
    );
  write([{ path: '/', upstream: 'nobody' }], config.upstreams);
  await eventually('it is rejected', () => logged(sidecar, 'configuration rejected') === 1);
  for (const client of sidecar.clients) expect((await client.get()).status).toBe(200);

  write([{ path: '/two', upstream: 'other' }], { other: { url: second.url, dialect: 'http' } });
  await eventually('it is applied', () => logged(sidecar, 'configuration applied') === 1);
  for (const client of sidecar.clients) {
    await eventually('the route is there', async () => (await client.get('/two')).status === 200);
    expect((await client.get('/')).status).toBe(404);
  }
  const text = samples(await admin(sidecar, '/metrics'));
  expect(text.get('outrigger_config_reloads_total{result="applied"}')).toBe(1);
  expect(text.get('outrigger_config_reloads_total{result="rejected"}')).toBe(1);
});

it('lets the calls of all workers end at SIGTERM, and takes no new ones', async () => {
  const { upstream, held } = await upstreamThatHolds();
  const sidecar = await startWorkers(configFor(upstream));
  const calls = sidecar.clients.map((client) => client.get('/held'));
  await eventually('both calls are at the upstream', () => held.length === 2);
  sidecar.child.kill('SIGTERM');
  await eventually('it is not ready', async () => (await fetch(`${sidecar.admin}/readyz`)).status === 503);
  await eventually('new connections are refused', async () =>
    fetch(sidecar.proxy).then(
      () => false,
      () => true,
    ),
  );
  for (const answer of held) answer();
  for (const { text } of await Promise.all(calls)) expect(text).toBe('done');
  expect(await sidecar.exited).toBe(0);
});

it('stops at once at a second SIGTERM', async () => {
  const { upstream, held } = await upstreamThatHolds();
  const sidecar = await startWorkers(configFor(upstream));
  const calls = sidecar.clients.map((client) =>
    client.get('/held').then(
      () => 'answered',
      () => 'broken',
    ),
  );
  await eventually('both calls are at the upstream', () => held.length === 2);
  const pids = workerPids(sidecar);
  sidecar.child.kill('SIGTERM');
  await eventually('it is not ready', async () => (await fetch(`${sidecar.admin}/readyz`)).status === 503);
  sidecar.child.kill('SIGTERM');
  expect(await within(5000, sidecar.exited, 'the second signal')).toBe(0);
  expect(await Promise.all(calls)).toEqual(['broken', 'broken']);
  for (const answer of held) answer();
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

it('leaves no worker behind where it is killed itself', async () => {
  const sidecar = await startWorkers(configFor((await upstreamThatHolds()).upstream));
  const pids = workerPids(sidecar);
  expect(pids).toHaveLength(2);
  sidecar.child.kill('SIGKILL');
  await sidecar.exited;
  const lives = (pid: number) => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  await eventually('the workers have gone', () => !pids.some(lives));
});

it('does not start where the address is taken, and says so', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const file = join(temporaryDirectory(), 'outrigger.yaml');
  const { upstream } = await upstreamThatHolds();
  const config = configFor(
    upstream,
    {},
    { listen: `127.0.0.1:${port}`, admin: { listen: '127.0.0.1:0' }, state: { dir: temporaryDirectory() } },
  );
  writeFileSync(file, JSON.stringify(config));
  const { exited, output } = launch(['start', '--config', file, '--workers', '2']);
  expect(await exited).toBe(1);
  expect(output()).toContain(`outrigger: `);
  expect(output()).toContain('EADDRINUSE');
  taken.close();
});

it.each(['0', '-1', '65', '2.5', 'many', ''])('takes no %j workers', async (workers) => {
  const { code, stderr } = await runCommand(['start', `--workers=${workers}`], { cwd: temporaryDirectory() });
  expect(code).toBe(2);
  expect(stderr).toContain(`--workers takes a number from 1 to 64, and not ${JSON.stringify(workers)}`);
});
