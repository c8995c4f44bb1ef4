import { describe, expect, test } from 'vitest';
import type { Sidecar } from '../../src/sidecar.ts';
import { anthropicAt } from '../clients/anthropic.ts';
import { answer, rawUpstream } from '../kit/raw-upstream.ts';
import { json } from '../policies-e2e/kit.ts';
import { chatAgent, step } from './agents.ts';
import { loopsOf, model, urlOf, watched } from './kit.ts';

const a = step({ command: 'ls' }, 'nothing');

async function statesOf({ admin }: Sidecar): Promise<string[]> {
  const { agents } = (await (await fetch(`http://${admin.host}:${admin.port}/api/agents`)).json()) as {
    agents: { name: string; principal: string; state: string }[];
  };
  return agents.map(({ name, principal, state }) => `${name} ${principal === '' ? 'nobody' : 'somebody'} ${state}`).sort();
}

describe('two callers share no rounds', () => {
  const session = '0b7e4c12-8f3a-4f43-9c55-1a2b3c4d5e6f';

  const sessions: [name: string, headers: Record<string, string>][] = [
    ['the session of our header', { 'x-outrigger-session': 'one' }],
    ['the session of a program', { 'x-claude-code-session-id': session }],
    ['the session in the body', {}],
  ];
  const send = (url: string, apiKey: string, headers: Record<string, string>, task: string, rounds: number, prefix = 'toolu_') =>
    anthropicAt({ url }, { apiKey, defaultHeaders: headers, maxRetries: 0 }).messages.create({
      ...{ model: 'claude-x', max_tokens: 9, metadata: { user_id: `user_u_account_a_session_${session}` } },
      messages: [
        { role: 'user', content: task },
        ...Array.from({ length: rounds }, (_, at) => [
          { role: 'assistant' as const, content: [{ type: 'tool_use' as const, id: `${prefix}${at}x`, name: 'shell', input: {} }] },
          { role: 'user' as const, content: [{ type: 'tool_result' as const, tool_use_id: `${prefix}${at}x`, content: 'nothing' }] },
        ]).flat(),
      ],
    });

  test.each(sessions)('with equal prompts, equal ids of calls and %s', async (_, headers) => {
    const product = await watched((await model()).url, 'anthropic', { action: 'pause' });
    const sent = (key: string, rounds: number) => send(urlOf(product), key, headers, 'Do it.', rounds);
    for (const rounds of [1, 2, 3]) for (const key of ['sk-mine', 'sk-other']) await sent(key, rounds);
    expect(await loopsOf(product)).toEqual({ 'repeat warn': 2 });
    await expect(sent('sk-mine', 4)).rejects.toMatchObject({ status: 423 });
    await sent('sk-other', 3);
    expect(await loopsOf(product)).toEqual({ 'repeat warn': 2, 'repeat pause': 1 });
  });

  test.each(sessions)('with nothing in common but %s', async (_, headers) => {
    const product = await watched((await model()).url, 'anthropic', { action: 'pause' });
    // Of one caller, three rounds would be told and four would pause.
    for (const at of [1, 2])
      for (const key of ['sk-mine', 'sk-other'])
        await send(urlOf(product), key, headers, `Summary ${at} for ${key}.`, 1, `toolu_${at}${key}`);
    expect(await loopsOf(product)).toEqual({});
    await send(urlOf(product), 'sk-mine', headers, 'Summary 3.', 1, 'toolu_3mine');
    expect(await loopsOf(product)).toEqual({ 'repeat warn': 1 });
  });

  test('in calls of tools', async () => {
    const main = await rawUpstream(
      answer(({ body }) => json('200 OK', { jsonrpc: '2.0', id: (JSON.parse(body) as { id: number }).id, result: {} })),
    );
    const product = await watched(main.url, 'mcp', { action: 'pause' });
    const call = async (key: string) => {
      const headers = {
        authorization: `Bearer ${key}`,
        'mcp-session-id': 's-1',
        'content-type': 'application/json',
        accept: 'application/json',
      };
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'look', arguments: {} } });
      const answered = await fetch(`${urlOf(product)}/mcp`, { method: 'POST', headers, body });
      await answered.text();
      return answered.status;
    };
    for (let made = 0; made < 2; made += 1) expect([await call('sk-mine'), await call('sk-other')]).toEqual([200, 200]);
    expect(await loopsOf(product)).toEqual({});
  });
});

describe('who gives his agent the name of another', () => {
  const named = { 'x-outrigger-agent': 'planner' };

  test.each([
    ['in our header', 'sk-other', '', named],
    ['in the path', 'sk-other', '/@planner', {}],
    ['with the session of that, too', 'sk-other', '', { ...named, 'x-outrigger-session': 'one' }],
  ])('%s pauses his own alone', async (_, key, path, headers) => {
    const product = await watched((await model()).url, 'openai', { action: 'pause' });
    const victim = chatAgent(urlOf(product), { headers: { ...named, 'x-outrigger-session': 'one' } });
    expect(await victim.take(a)).toBe('ok');
    const forger = chatAgent(urlOf(product) + path, { key, headers });
    for (let round = 0; round < 3; round += 1) expect(await forger.take(a)).toBe('ok');
    expect([await forger.take(a), await forger.say('more')]).toEqual([423, 423]);
    expect(await victim.take(a)).toBe('ok');
    expect(await statesOf(product)).toEqual(['planner somebody paused', 'planner somebody running']);
  });

  test('without a key pauses his own alone', async () => {
    const product = await watched((await model()).url, 'openai', { action: 'pause' });
    const victim = chatAgent(urlOf(product), { headers: named });
    expect(await victim.take(a)).toBe('ok');
    const forger = chatAgent(urlOf(product), { headers: { ...named, authorization: null as unknown as string } });
    for (let round = 0; round < 3; round += 1) expect(await forger.take(a)).toBe('ok');
    expect(await forger.take(a)).toBe(423);
    expect(await victim.take(a)).toBe('ok');
    expect(await statesOf(product)).toEqual(['planner nobody paused', 'planner somebody running']);
  });

  test('has none of the settings that a key brings with it', async () => {
    const agents = { planner: { keys: ['sk-planner'], loopDetection: { action: 'pause' } } };
    const product = await watched((await model()).url, 'openai', { action: 'warn' }, { agents });
    const other = chatAgent(urlOf(product), { key: 'sk-other' });
    for (let round = 0; round < 5; round += 1) expect(await other.take(a)).toBe('ok');
    const planner = chatAgent(urlOf(product), { key: 'sk-planner' });
    for (let round = 0; round < 3; round += 1) expect(await planner.take(a)).toBe('ok');
    expect(await planner.take(a)).toBe(423);
  });
});
