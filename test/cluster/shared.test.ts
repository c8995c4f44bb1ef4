import { expect, it } from 'vitest';
import { http, ok } from '../kit/http-text.ts';
import { answer, type RawUpstream, rawUpstream } from '../kit/raw-upstream.ts';
import { runCommand } from '../kit/run-command.ts';
import { eventually } from '../kit/timing.ts';
import { samples } from '../telemetry/kit.ts';
import { admin, startWorkers, type Workers } from './kit.ts';

/** An upstream that answers with 503 while it is down. */
async function upstreamThatFails() {
  const now = { down: false };
  const upstream = await rawUpstream(
    answer(() =>
      now.down ? http(['HTTP/1.1 503 Service Unavailable', 'Content-Length: 0']) : ok('fine', 'Content-Type: application/json'),
    ),
  );
  return { upstream, now };
}

function configFor({ url }: Pick<RawUpstream, 'url'>, policy: Record<string, unknown>) {
  return {
    upstreams: { peer: { url, dialect: 'http' } },
    policies: { p: policy },
    routes: [{ path: '/', upstream: 'peer', policy: 'p' }],
  };
}

/** Waits until each worker answers with this status. */
async function allAnswer({ clients }: Pick<Workers, 'clients'>, status: number, path = '/'): Promise<void> {
  for (const client of clients)
    await eventually(`all workers answer with ${status}`, async () => (await client.get(path)).status === status);
}

it('refuses in every worker once the circuit has opened in one', async () => {
  const { upstream, now } = await upstreamThatFails();
  const sidecar = await startWorkers(configFor(upstream, { circuitBreaker: { failures: 3, cooldown: '1h', cooldownMax: '1h' } }));
  const [one, other] = sidecar.clients;
  now.down = true;
  for (let call = 0; call < 3; call += 1) expect((await one!.get()).text).toBe('');
  const reached = upstream.requests.length;
  await eventually('the circuit is open in the other worker', async () => (await other!.get()).text.includes('circuit_open'));
  expect((await one!.get()).text).toContain('circuit_open');
  // Told within the time of a call or two; its own three failures would have been needed else.
  expect(upstream.requests.length - reached).toBeLessThan(3);
  const scraped = samples(await admin(sidecar, '/metrics'));
  expect(scraped.get('outrigger_circuit_state{upstream="peer"}')).toBe(2);
  expect(scraped.get('outrigger_circuit_transitions_total{upstream="peer",to="open"}')).toBe(1);
});

it('lets calls pass in every worker once probes of one have closed the circuit', async () => {
  const { upstream, now } = await upstreamThatFails();
  const sidecar = await startWorkers(configFor(upstream, { circuitBreaker: { failures: 3, cooldown: '300ms', probes: 2 } }));
  const [one, other] = sidecar.clients;
  now.down = true;
  for (let call = 0; call < 3; call += 1) await one!.get();
  await eventually('the circuit is open in the other worker', async () => (await other!.get()).text.includes('circuit_open'));
  now.down = false;
  await allAnswer({ clients: [one!] }, 200);
  expect((await one!.get()).status).toBe(200);
  await eventually('the circuit is closed in the other worker', async () => (await other!.get()).status === 200);
  const scraped = samples(await admin(sidecar, '/metrics'));
  expect(scraped.get('outrigger_circuit_state{upstream="peer"}')).toBe(0);
  expect(scraped.get('outrigger_circuit_transitions_total{upstream="peer",to="half-open"}')).toBe(1);
  expect(scraped.get('outrigger_circuit_transitions_total{upstream="peer",to="closed"}')).toBe(1);
});

it('leaves the probing to one worker', async () => {
  const upstream = await rawUpstream(async (connection) => {
    for (;;) {
      const request = await connection.request();
      if (!request) return;
      // Probes are not answered.
      if (request.startLine.includes('/probe')) continue;
      connection.send(request.startLine.includes('/fail') ? http(['HTTP/1.1 503 Down', 'Content-Length: 0']) : ok());
    }
  });
  const sidecar = await startWorkers(configFor(upstream, { circuitBreaker: { failures: 3, cooldown: '200ms', probes: 1 } }));
  for (let call = 0; call < 3; call += 1) await sidecar.clients[0]!.get('/fail');
  await eventually('the circuit is open', async () => (await sidecar.clients[1]!.get('/x')).text.includes('circuit_open'));
  const over = new AbortController();
  const asked: Promise<unknown>[] = [];
  // Of each worker, well beyond the time at which it might try by itself.
  const end = performance.now() + 1500;
  while (performance.now() < end) {
    asked.push(fetch(`${sidecar.proxy}/probe`, { signal: over.signal }).catch(() => undefined));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(upstream.received.split('GET /probe')).toHaveLength(2);
  over.abort();
  await Promise.all(asked);
});

it('pauses an agent in every worker, by the API and by the command line, and lets it go on in all', async () => {
  const upstream = await rawUpstream();
  const sidecar = await startWorkers(configFor(upstream, {}));
  await admin(sidecar, '/api/agents/planner/pause', { reason: 'spends too much' });
  await allAnswer(sidecar, 423, '/@planner/x');
  expect((await sidecar.clients[0]!.get('/@coder/x')).status).toBe(200);
  expect(samples(await admin(sidecar, '/metrics')).get('outrigger_agent_paused{agent="planner"}')).toBe(1);

  const command = (...argv: string[]) => runCommand([...argv, '--admin', new URL(sidecar.admin).host], { cwd: '/' });
  expect((await command('resume', 'planner')).code).toBe(0);
  await allAnswer(sidecar, 200, '/@planner/x');
  expect(samples(await admin(sidecar, '/metrics')).get('outrigger_agent_paused{agent="planner"}')).toBe(0);
  expect((await command('pause', 'coder')).code).toBe(0);
  await allAnswer(sidecar, 423, '/@coder/x');
});

it('keeps a pause over a restart', async () => {
  const upstream = await rawUpstream();
  const first = await startWorkers(configFor(upstream, {}));
  await admin(first, '/api/agents/planner/pause', { reason: 'spends too much' });
  first.child.kill('SIGTERM');
  expect(await first.exited).toBe(0);
  const second = await startWorkers(configFor(upstream, {}), { state: first.state });
  for (const client of second.clients) expect((await client.get('/@planner/x')).status).toBe(423);
});

it('pauses an agent in every worker for a loop that one of them has seen', async () => {
  const reply = JSON.stringify({
    id: 'c',
    object: 'chat.completion',
    model: 'm',
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'ok' } }],
  });
  const upstream = await rawUpstream(answer(ok(reply, 'Content-Type: application/json')));
  const config = configFor(upstream, { loopDetection: { action: 'pause' } });
  const sidecar = await startWorkers({ ...config, upstreams: { peer: { url: upstream.url, dialect: 'openai' } } });
  const [one, other] = sidecar.clients;
  const call = { id: 'a', type: 'function', function: { name: 'shell', arguments: '{"command":"ls"}' } };
  const round = (id: number) => [
    { role: 'assistant', content: null, tool_calls: [{ ...call, id: `call_${id}` }] },
    { role: 'tool', tool_call_id: `call_${id}`, content: 'nothing' },
  ];
  const post = (rounds: number) => {
    const messages = [{ role: 'user', content: 'Do it.' }, ...Array.from({ length: rounds }, (_, at) => round(at)).flat()];
    return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ model: 'm', messages }) };
  };
  const path = '/@looper/v1/chat/completions';
  for (let rounds = 1; rounds <= 4; rounds += 1) await one!.get(path, post(rounds));
  await eventually('the agent is paused in the other worker', async () => (await other!.get(path, post(1))).status === 423);
  expect(JSON.parse(await admin(sidecar, '/api/agents/looper'))).toMatchObject({ agents: [{ state: 'paused', pause: { by: 'loop' } }] });
  expect(samples(await admin(sidecar, '/metrics')).get('outrigger_agent_paused{agent="looper"}')).toBe(1);
});

it('serves an answer that another worker has stored', async () => {
  const { upstream, now } = await upstreamThatFails();
  const sidecar = await startWorkers(configFor(upstream, { cache: { mode: 'read-through', fresh: '1h', any: true, maxBytes: '8MB' } }));
  const [one, other] = sidecar.clients;
  expect((await one!.get('/doc')).headers['cache-status']).toContain('stored');
  now.down = true;
  await eventually('the other worker has the answer', async () => (await other!.get('/doc')).status === 200);
  const { text, headers } = await other!.get('/doc');
  expect(text).toBe('fine');
  expect(headers['cache-status']).toBe('outrigger; hit');
});
