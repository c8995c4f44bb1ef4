import { describe, expect, test } from 'vitest';
import type { Sidecar } from '../../src/sidecar.ts';
import { anthropicAt } from '../clients/anthropic.ts';
import { openaiAt } from '../clients/openai.ts';
import { eventually } from '../kit/timing.ts';
import { loopsOf, model, urlOf, watched } from './kit.ts';
import { clientOf, said, server } from './mcp-kit.ts';

interface Shown {
  name: string;
  source: string;
  client: string;
  sessions: number;
  requests: number;
}

async function agentsOf({ admin }: Sidecar, requests: number): Promise<Shown[]> {
  let agents: Shown[] = [];
  await eventually('all calls have ended', async () => {
    ({ agents } = (await (await fetch(`http://${admin.host}:${admin.port}/api/agents`)).json()) as { agents: Shown[] });
    return agents.reduce((sum, agent) => sum + agent.requests, 0) === requests;
  });
  return agents;
}

const uuid = (digit: number) => `0b7e4c12-8f3a-4f43-9c55-1a2b3c4d5e6${digit}`;

describe('a session that stands in the body alone', () => {
  const settings = { policy: { retry: {} } };
  const asked = { model: 'claude-x', max_tokens: 9 };
  const claude = (session: string) => ({
    metadata: { user_id: JSON.stringify({ device_id: 'd', account_uuid: '', session_id: session }) },
  });
  const chats = (session: string) => ({ model: 'gpt-x', prompt_cache_key: session });

  test('is counted', async () => {
    const product = await watched((await model()).url, 'anthropic', {}, settings);
    const client = anthropicAt({ url: urlOf(product) });
    for (const session of [1, 2, 1])
      await client.messages.create({ ...asked, ...claude(uuid(session)), messages: [{ role: 'user', content: `hello ${session}` }] });
    expect(await agentsOf(product, 3)).toMatchObject([{ sessions: 2 }]);
    const chatting = await watched((await model()).url, 'openai', {}, settings);
    const other = openaiAt({ url: urlOf(chatting) });
    for (const session of [1, 2, 3, 1])
      await other.chat.completions.create({ ...chats(uuid(session)), messages: [{ role: 'user', content: 'hello' }] });
    expect(await agentsOf(chatting, 4)).toMatchObject([{ sessions: 3 }]);
  });

  test('goes on where nothing of its history is left', async () => {
    const product = await watched((await model()).url, 'anthropic', { action: 'pause' }, settings);
    const client = anthropicAt({ url: urlOf(product) }, { maxRetries: 0 });
    // Every request is a summary with one new round: no two have a turn or a call in common.
    const send = (at: number, session: string) =>
      client.messages.create({
        ...{ ...asked, ...claude(session), system: 'You work.' },
        messages: [
          { role: 'user', content: `Summary ${at} of what was before.` },
          {
            role: 'assistant',
            content: [{ type: 'tool_use', id: `toolu_${at}${session.at(-1)}x`, name: 'shell', input: { command: 'ls' } }],
          },
          { role: 'user', content: [{ type: 'tool_result', tool_use_id: `toolu_${at}${session.at(-1)}x`, content: 'nothing' }] },
        ],
      });
    for (let at = 0; at < 3; at += 1) for (const session of [uuid(1), uuid(2)]) await send(at, session);
    expect(await loopsOf(product)).toEqual({ 'repeat warn': 2 });
    await expect(send(3, uuid(1))).rejects.toMatchObject({ status: 423 });
  });

  test('that many conversations share ties none of them together', async () => {
    const product = await watched((await model()).url, 'openai', { action: 'pause' }, settings);
    const client = openaiAt({ url: urlOf(product) }, { maxRetries: 0 });
    for (let at = 0; at < 6; at += 1)
      await client.chat.completions.create({
        ...chats('my-app-v2'),
        messages: [
          { role: 'system', content: 'You work.' },
          { role: 'user', content: `Task ${at}` },
          { role: 'assistant', tool_calls: [{ id: `call_${at}x`, type: 'function', function: { name: 'shell', arguments: '{}' } }] },
          { role: 'tool', tool_call_id: `call_${at}x`, content: 'nothing' },
        ],
      });
    expect(await loopsOf(product)).toEqual({});
    expect(await agentsOf(product, 6)).toMatchObject([{ sessions: 0 }]);
  });
});

test('calls of a session of MCP go by the name that the program said when it began', async () => {
  const product = await watched((await server((made) => said(`item ${made}`))).url, 'mcp', {});
  const call = await clientOf(urlOf(product), {}, 'Claude-Code');
  for (let made = 0; made < 3; made += 1) expect(await call('look', { made })).toBe('ok');
  await eventually('the calls are shown', async () => {
    const text = await (await fetch(`http://${product.admin.host}:${product.admin.port}/api/agents`)).text();
    const { agents } = JSON.parse(text) as { agents: Shown[] };
    const named = agents.find(({ name }) => name === 'claude-code');
    return named?.source === 'client' && named.client === 'Claude-Code' && named.sessions === 1 && named.requests >= 3;
  });
});
