import { readFileSync } from 'node:fs';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { statelessServer } from '../clients/mcp-server.ts';
import { valid, warningLines } from '../config/load-text.ts';
import { sidecar } from '../kit/start-sidecar.ts';

const page = readFileSync(new URL('../../docs/mcp.md', import.meta.url), 'utf8');
const [, example = ''] = /^```yaml\n(.*?)^```$/ms.exec(page) ?? [];

test('the configuration on the page of MCP servers is valid, and nothing in it is in vain', () => {
  expect(warningLines(valid(example))).toEqual([]);
});

test('the configuration on the page of MCP servers does what the page says', async () => {
  const server = await statelessServer();
  const config = parse(example.replace('http://127.0.0.1:7002', server.url).replace('search_files', 'add').replace('sync_folder', 'put'));
  const { proxy } = await sidecar(config);
  const client = new Client({ name: 'a-client', version: '2' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
  await client.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${proxy.port}/files/mcp`)));
  onTestFinished(() => client.close());
  await client.listTools();
  for (const name of ['look', 'add', 'put', 'remove']) server.break({ request: `"name":"${name}"` });
  expect(await client.callTool({ name: 'look' })).toMatchObject({ content: [{ text: 'look 2' }] });
  expect(await client.callTool({ name: 'add' })).toMatchObject({ content: [{ text: 'add 2' }] });
  await expect(client.callTool({ name: 'put' })).rejects.toThrow(/upstream_unreachable/);
  await expect(client.callTool({ name: 'remove' })).rejects.toThrow(/upstream_unreachable/);
  expect(server.effects).toEqual({ look: 2, add: 2, put: 1, remove: 1 });
});
