import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { onTestFinished } from 'vitest';
import { http } from '../kit/http-text.ts';
import { answer, rawUpstream } from '../kit/raw-upstream.ts';
import { json } from '../policies-e2e/kit.ts';

interface Rpc {
  id?: number;
  method: string;
  params?: { name?: string };
}

/** A server with sessions whose tools answer as `result` says, each answer in JSON or as an event. */
export function server(result: (call: number) => object, streamed = false) {
  let calls = 0;
  return rawUpstream(
    answer(({ startLine, body }) => {
      if (!startLine.startsWith('POST')) return http(['HTTP/1.1 405 Method Not Allowed', 'Content-Length: 0']);
      const { id, method } = JSON.parse(body) as Rpc;
      if (id === undefined) return http(['HTTP/1.1 202 Accepted', 'Content-Length: 0']);
      const serverInfo = { name: 'tools', version: '1' };
      const initialized = { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo };
      if (method === 'initialize') return json('200 OK', { jsonrpc: '2.0', id, result: initialized }, 'mcp-session-id: s-1');
      calls += 1;
      const message = { jsonrpc: '2.0', id, result: result(calls) };
      if (!streamed) return json('200 OK', message);
      const event = `event: message\ndata: ${JSON.stringify(message)}\n\n`;
      return http(['HTTP/1.1 200 OK', 'Content-Type: text/event-stream', `Content-Length: ${event.length}`], event);
    }),
  );
}

/** A client, whose call of a tool comes to `ok` or to the code of the error. */
export async function clientOf(
  url: string,
  headers: Record<string, string> = {},
  name = 'a-client',
): Promise<(name: string, given: Record<string, unknown>) => Promise<'ok' | number>> {
  const client = new Client({ name, version: '1' });
  const transport = new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit: { headers } });
  // Its types and those of its own SDK disagree on optional members.
  await client.connect(transport as Parameters<Client['connect']>[0]);
  onTestFinished(() => client.close());
  return async (tool, given) => {
    try {
      await client.callTool({ name: tool, arguments: given });
      return 'ok';
    } catch (error) {
      return (error as { code: number }).code;
    }
  };
}

export const said = (text: string, isError = false) => ({ content: [{ type: 'text', text }], isError });
