import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { expect, onTestFinished, test } from 'vitest';
import { statelessServer, type ToolServer } from '../clients/mcp-server.ts';
import { reloadingSidecar } from './reloading-sidecar.ts';

const retry = { backoff: { base: '1ms' } };

function configFor({ url }: Pick<ToolServer, 'url'>, more: object = {}, policy: object = { retry }) {
  return {
    upstreams: { tools: { url, ...more } },
    routes: [{ path: '/', upstream: 'tools', policy: 'only' }],
    policies: { only: policy },
  };
}

async function clientOf(port: number): Promise<Client> {
  const client = new Client({ name: 'a-client', version: '2' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
  await client.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${port}/mcp`)));
  onTestFinished(() => client.close());
  return client;
}

test('what tools have said of themselves survives a reload, and rules take effect by one', async () => {
  const server = await statelessServer();
  const sidecar = await reloadingSidecar(configFor(server));
  const client = await clientOf(sidecar.proxy.port);
  await client.listTools();
  sidecar.change(configFor(server, {}, { retry, circuitBreaker: {} }));
  server.break({ request: '"name":"look"' });
  await client.callTool({ name: 'look' });
  expect(server.effects).toEqual({ look: 2 });
  sidecar.change(configFor(server, { tools: { look: { repeatable: false } } }));
  server.break({ request: '"name":"look"' });
  await expect(client.callTool({ name: 'look' })).rejects.toThrow();
  expect(server.effects).toEqual({ look: 3 });
});

test('what tools have said of themselves is forgotten with the server that they are of', async () => {
  const [server, other] = [await statelessServer(), await statelessServer()];
  const sidecar = await reloadingSidecar(configFor(server));
  const client = await clientOf(sidecar.proxy.port);
  await client.listTools();
  sidecar.change(configFor(other));
  other.break({ request: '"name":"look"' });
  await expect(client.callTool({ name: 'look' })).rejects.toThrow();
  expect(other.effects).toEqual({ look: 1 });
});
