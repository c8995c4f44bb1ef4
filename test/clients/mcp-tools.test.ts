import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as SessionClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as SessionTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { describe, expect, onTestFinished, test } from 'vitest';
import { sidecarFor } from '../kit/start-sidecar.ts';
import { eventually } from '../kit/timing.ts';
import { throughSidecar, type Way } from './both-ways.ts';
import { sessionServer, statelessServer, type ToolName, type ToolServer } from './mcp-server.ts';

/** What both SDKs' clients have in common here. */
interface ToolClient {
  listTools(): Promise<unknown>;
  call(name: ToolName, options?: { onprogress?: () => void; signal?: AbortSignal }): Promise<unknown>;
}

async function sessionClient({ url }: Way): Promise<ToolClient> {
  const client = new SessionClient({ name: 'a-client', version: '1' });
  const transport = new SessionTransport(new URL(`${url}/mcp`), {
    reconnectionOptions: { initialReconnectionDelay: 10, maxReconnectionDelay: 10, reconnectionDelayGrowFactor: 1, maxRetries: 20 },
  });
  // Its types and those of its own SDK disagree on optional members.
  await client.connect(transport as Parameters<SessionClient['connect']>[0]);
  onTestFinished(() => client.close());
  return { listTools: () => client.listTools(), call: (name, options) => client.callTool({ name }, undefined, options) };
}

async function statelessClient({ url }: Way): Promise<ToolClient & { client: Client }> {
  const client = new Client({ name: 'a-client', version: '2' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`)));
  onTestFinished(() => client.close());
  return { client, listTools: () => client.listTools(), call: (name, options) => client.callTool({ name }, options) };
}

const policy = {
  timeout: { connect: '2s', firstByte: '10s', idle: '10s' },
  retry: { attempts: 3, on: ['network', 'overloaded', 'server-error'], backoff: { base: '1ms' } },
};

const answers = (text: string) => ({ content: [{ type: 'text', text }] });
const callOf = (name: string) => `"name":"${name}"`;

/** The calls of a tool that reached the server. */
const asked = ({ requests }: ToolServer, name: string) =>
  requests.filter(({ body }) => body.includes('tools/call') && body.includes(callOf(name)));

describe.each([
  { revision: '2025-11-25, with sessions', serve: sessionServer, connect: sessionClient },
  { revision: '2026-07-28, without', serve: statelessServer, connect: statelessClient },
])('an MCP client of revision $revision', ({ serve, connect }) => {
  test.each(['look', 'put'] as const)('gets the answer of %s, which may be called twice, although the first was lost', async (name) => {
    const server = await serve();
    const client = await connect(await throughSidecar(server, 'mcp', policy));
    await client.listTools();
    server.break({ request: callOf(name) });
    expect(await client.call(name)).toMatchObject(answers(`${name} 2`));
    expect(asked(server, name)).toHaveLength(2);
  });

  test.each(['add', 'remove'] as const)('is told that the answer of %s was lost, which must not be called twice', async (name) => {
    const server = await serve();
    const client = await connect(await throughSidecar(server, 'mcp', policy));
    await client.listTools();
    server.break({ request: callOf(name) });
    await expect(client.call(name)).rejects.toThrow(/upstream_unreachable/);
    expect(server.effects).toEqual({ [name]: 1 });
    expect(asked(server, name)).toHaveLength(1);
  });

  test('has nothing repeated of which it has not asked for the list', async () => {
    const server = await serve();
    const client = await connect(await throughSidecar(server, 'mcp', policy));
    server.break({ request: callOf('look') });
    await expect(client.call('look')).rejects.toThrow(/upstream_unreachable/);
    expect(server.effects).toEqual({ look: 1 });
  });

  test('has a tool repeated, or not, as the configuration says', async () => {
    const server = await serve();
    const tools = { add: { repeatable: true }, look: { repeatable: false } };
    const { proxy } = await sidecarFor(server, { upstream: { dialect: 'mcp', tools }, policy });
    const client = await connect({ url: `http://127.0.0.1:${proxy.port}` });
    await client.listTools();
    server.break({ request: callOf('add') });
    expect(await client.call('add')).toMatchObject(answers('add 2'));
    server.break({ request: callOf('look') });
    await expect(client.call('look')).rejects.toThrow(/upstream_unreachable/);
    expect(server.effects).toEqual({ add: 2, look: 1 });
  });

  test('does not see that the server was overloaded: what it has not worked on is sent again, whatever the tool does', async () => {
    const server = await serve();
    const client = await connect(await throughSidecar(server, 'mcp', policy));
    server.break({ request: callOf('remove'), status: 503 });
    expect(await client.call('remove')).toMatchObject(answers('remove 1'));
    expect(asked(server, 'remove')).toHaveLength(2);
  });

  test('gets the failure of a tool as it is, once', async () => {
    const server = await serve();
    const client = await connect(await throughSidecar(server, 'mcp', { ...policy, retry: { ...policy.retry, on: ['tool-error'] } }));
    expect(await client.call('fail')).toMatchObject({ isError: true });
    expect(server.effects).toEqual({ fail: 1 });
  });

  test('sees progress before the result', async () => {
    const server = await serve();
    const client = await connect(await throughSidecar(server, 'mcp', policy));
    expect(await client.call('slow', { onprogress: server.proceed })).toMatchObject(answers('slow 1'));
  });

  test('cancels a call, and the server hears of it', async () => {
    const server = await serve();
    const client = await connect(await throughSidecar(server, 'mcp', policy));
    const aborter = new AbortController();
    await expect(client.call('slow', { signal: aborter.signal, onprogress: () => aborter.abort('enough') })).rejects.toThrow();
    await eventually('the tool has ended without a result', () => server.effects['slow'] === 1);
  });
});

test('a call with a session goes on by its last event where its stream was cut', async () => {
  const server = await sessionServer();
  const client = await sessionClient(await throughSidecar(server, 'mcp', policy));
  server.break({ request: callOf('slow'), behind: 'notifications/progress' });
  const call = client.call('slow', { onprogress: () => undefined });
  const resumed = () => server.requests.filter(({ method, headers }) => method === 'GET' && headers['last-event-id'] !== undefined);
  await eventually('the client has asked for the rest', () => resumed().length > 0);
  server.proceed();
  expect(await call).toMatchObject(answers('slow 1'));
  expect(asked(server, 'slow')).toHaveLength(1);
});

test('a call without a session is told at once that its stream was cut', async () => {
  const server = await statelessServer();
  const client = await statelessClient(await throughSidecar(server, 'mcp', policy));
  server.break({ request: callOf('slow'), behind: 'notifications/progress' });
  await expect(client.call('slow', { onprogress: () => undefined })).rejects.toThrow(/broke off/);
  expect(asked(server, 'slow')).toHaveLength(1);
});

test('a call with a session is told at once that its circuit is open, under its own id', async () => {
  const server = await sessionServer();
  const client = await sessionClient(await throughSidecar(server, 'mcp', { circuitBreaker: { failures: 1, on: ['network'] } }));
  server.break({ request: callOf('add') });
  await expect(client.call('add')).rejects.toThrow(/upstream_unreachable/);
  await expect(client.call('add')).rejects.toThrow(/"id":\d+,.*circuit_open/);
  expect(server.effects).toEqual({ add: 1 });
});

test('a subscription stands open: it is never idle, takes no place, and brings what the server tells', async () => {
  const server = await statelessServer();
  const limits = { timeout: { firstByte: '300ms', idle: '100ms' }, bulkhead: { concurrent: 1, queue: 0 }, retry: {} };
  const agent = await statelessClient(await throughSidecar(server, 'mcp', limits));
  let changes = 0;
  agent.client.setNotificationHandler('notifications/tools/list_changed', () => {
    changes += 1;
  });
  const subscription = await agent.client.listen({ toolsListChanged: true });
  const until = performance.now() + 300;
  await eventually('it was silent for longer than the limits', () => performance.now() > until);
  server.toolsChanged();
  await eventually('the client has heard it', () => changes === 1);
  expect(await agent.call('look')).toMatchObject(answers('look 1'));
  expect(server.requests.filter(({ body }) => body.includes('subscriptions/listen'))).toHaveLength(1);
  await subscription.close();
});
