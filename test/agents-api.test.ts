import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Sidecar } from '../src/sidecar.ts';
import { runCommand } from './kit/run-command.ts';
import { sidecar } from './kit/start-sidecar.ts';
import { temporaryDirectory } from './kit/temporary-directory.ts';
import { eventually } from './kit/timing.ts';

/** A sidecar before the built-in provider. */
function demo(more: Record<string, unknown> = {}): Promise<Sidecar> {
  return sidecar({
    upstreams: { demo: { url: 'simulated:', dialect: 'openai' } },
    policies: { llm: { retry: {} } },
    routes: [{ path: '/', upstream: 'demo', policy: 'llm' }],
    ...more,
  });
}

const chat = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };

async function ask({ proxy }: Sidecar, agent: string, key: string): Promise<{ status: number; retry: string | null; text: string }> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}`, 'x-outrigger-agent': agent };
  const answer = await fetch(`http://127.0.0.1:${proxy.port}/v1/chat/completions`, { method: 'POST', headers, body: JSON.stringify(chat) });
  return { status: answer.status, retry: answer.headers.get('x-should-retry'), text: await answer.text() };
}

async function admin({ admin: { port } }: Sidecar, path: string, body?: unknown) {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(
    `http://127.0.0.1:${port}${path}`,
    body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) },
  );
  return { status: answer.status, body: (await answer.json()) as { agents: Record<string, unknown>[]; error?: { message: string } } };
}

const command = (product: Sidecar, ...argv: string[]) => runCommand([...argv, '--admin', `127.0.0.1:${product.admin.port}`], { cwd: '/' });

test('agents are shown with what they have done, those of two callers apart', async () => {
  const product = await demo();
  for (const [agent, key] of [
    ['planner', 'one'],
    ['planner', 'one'],
    ['planner', 'two'],
  ] as const)
    await ask(product, agent, key);
  let agents: Record<string, unknown>[] = [];
  // A call ends after the agent has its answer.
  await eventually('all calls have ended', async () => {
    ({ agents } = (await admin(product, '/api/agents')).body);
    return agents.reduce((sum, { requests }) => sum + Number(requests), 0) === 3;
  });
  expect(agents.map(({ name, requests, state, models, source }) => ({ name, requests, state, models, source }))).toEqual([
    { name: 'planner', requests: 1, state: 'running', models: ['m'], source: 'header' },
    { name: 'planner', requests: 2, state: 'running', models: ['m'], source: 'header' },
  ]);
  expect(agents[1]?.['tokens']).toBeGreaterThan(agents[0]?.['tokens'] as number);
  expect(new Set(agents.map(({ id }) => id)).size).toBe(2);
  expect(JSON.stringify(agents)).not.toContain('one');
});

test('an agent that is paused by its id is refused, its namesake of another caller is not', async () => {
  const product = await demo();
  await ask(product, 'planner', 'one');
  const { agents } = (await admin(product, '/api/agents')).body;
  const id = String(agents[0]?.['id']);
  expect((await admin(product, `/api/agents/${id}/pause`, { reason: 'it spends too much' })).body.agents[0]).toMatchObject({
    id,
    state: 'paused',
    pause: { by: 'person', reason: 'it spends too much' },
  });
  const refused = await ask(product, 'planner', 'one');
  expect([refused.status, refused.retry]).toEqual([423, 'false']);
  expect(refused.text).toContain('it spends too much');
  expect(refused.text).toContain(`outrigger resume ${id}`);
  expect((await ask(product, 'planner', 'two')).status).toBe(200);
  expect((await admin(product, `/api/agents/${id}/resume`, {})).status).toBe(200);
  expect((await ask(product, 'planner', 'one')).status).toBe(200);
});

test('a name that is paused is refused whoever calls by it, also before its first call', async () => {
  const product = await demo();
  await admin(product, '/api/agents/planner/pause', { reason: 'not tonight' });
  expect((await ask(product, 'planner', 'one')).status).toBe(423);
  expect((await ask(product, 'planner', 'two')).status).toBe(423);
  expect((await ask(product, 'other', 'one')).status).toBe(200);
});

test('a pause survives a restart', async () => {
  const dir = temporaryDirectory();
  const first = await demo({ state: { dir } });
  await ask(first, 'planner', 'one');
  const { agents } = (await admin(first, '/api/agents')).body;
  await admin(first, `/api/agents/${String(agents[0]?.['id'])}/pause`, { reason: 'enough' });
  await first.stop();
  const second = await demo({ state: { dir } });
  expect((await ask(second, 'planner', 'one')).status).toBe(423);
  expect((await ask(second, 'planner', 'two')).status).toBe(200);
  const metrics = await (await fetch(`http://127.0.0.1:${second.admin.port}/metrics`)).text();
  expect(metrics).toContain('outrigger_agent_paused{agent="planner"} 1');
});

test.each([
  ['/api/agents/nobody', undefined, 404, 'no agent nobody has called and none is paused'],
  ['/api/agents/nobody/resume', {}, 404, 'no agent nobody has called'],
  ['/api/agents/nobody~12345678/pause', { reason: 'x' }, 404, 'no agent nobody~12345678 has called'],
  ['/api/agents/planner/pause', {}, 400, 'expected a JSON object with a reason'],
  ['/api/agents/planner/pause', { reason: ' ' }, 400, 'expected a JSON object with a reason'],
  ['/api/agents/The%20Planner/pause', { reason: 'x' }, 400, 'the name of an agent has 1 to 64'],
  ['/api/agents/planner/resume', { note: 3 }, 400, 'expected a JSON object, with a note'],
])('a wrong request is told what is wrong: %s', async (path, body, status, message) => {
  const told = await admin(await demo(), path, body);
  expect(told.status).toBe(status);
  expect(told.body.error?.message).toContain(message);
});

test('the command line shows, pauses and resumes', async () => {
  const product = await demo();
  expect(await command(product, 'agents')).toEqual({ code: 0, stdout: 'No agent has called yet.\n', stderr: '' });
  await ask(product, 'planner', 'one');
  const shown = await command(product, 'agents');
  expect(shown.stdout).toMatch(/^AGENT +STATE +REQUESTS/);
  expect(shown.stdout).toMatch(/^planner~\S{8} +running +1 +\d+ +\$0\.00/m);
  expect(await command(product, 'pause', 'planner', '--reason', 'too dear')).toMatchObject({ code: 0, stderr: '' });
  expect((await ask(product, 'planner', 'one')).text).toContain('too dear');
  expect((await command(product, 'agents')).stdout).toContain('too dear');
  expect(await command(product, 'resume', 'planner')).toEqual({ code: 0, stdout: 'planner may go on.\n', stderr: '' });
  expect((await ask(product, 'planner', 'one')).status).toBe(200);
  expect(await command(product, 'resume', 'planner')).toEqual({
    code: 1,
    stdout: '',
    stderr: 'outrigger: the agent planner is not paused\n',
  });
});

test('a pause that cannot be written down holds all the same, and whoever asked for it is told', async () => {
  const file = join(temporaryDirectory(), 'file');
  writeFileSync(file, '');
  const product = await demo({ state: { dir: join(file, 'state') } });
  const { stdout, code } = await command(product, 'pause', 'planner');
  expect([code, stdout]).toEqual([0, expect.stringContaining('planner is paused until the sidecar ends, because its state directory')]);
  expect((await ask(product, 'planner', 'one')).status).toBe(423);
  const { checks } = (await (await fetch(`http://127.0.0.1:${product.admin.port}/api/health`)).json()) as { checks: { name: string }[] };
  expect(checks.find(({ name }) => name === 'alert-store')).toMatchObject({ status: 'warning', value: 1 });
});
