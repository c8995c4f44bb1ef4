import { readObject, recordsIn } from './json-fields.ts';
import { type Asked, type Script, wholeScript } from './script.ts';

const tools = [
  { name: 'read_page', description: 'Reads a page.', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } },
  { name: 'book_room', description: 'Books a room.', inputSchema: { type: 'object' }, annotations: { destructiveHint: true } },
];

/** An MCP server with two tools, one of which only reads. It keeps no sessions. `text` is what a tool finds; a tool finds nothing by an error. */
export function toolServer({ method, body }: Asked, text: string, headMs: number): Script {
  if (method !== 'POST') return wholeScript(405, rpcError(undefined, -32_000, 'Method not allowed.'), 0, ['allow', 'POST']);
  const message = readObject(body);
  if (typeof message === 'string') return wholeScript(400, rpcError(undefined, -32_700, message));
  const { id, method: called, params } = message;
  if (id === undefined) return { ...wholeScript(202, ''), headers: ['content-length', '0'], chunks: [] };
  const result = resultOf(called, recordsIn([params])[0]?.['name'], text);
  return wholeScript(200, result ? { jsonrpc: '2.0', id, result } : rpcError(id, -32_601, 'Method not found'), headMs);
}

function resultOf(called: unknown, tool: unknown, text: string): object | undefined {
  switch (called) {
    case 'initialize':
      return { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 'simulated', version: '1' } };
    case 'tools/list':
      return { tools };
    case 'tools/call':
      return { content: [{ type: 'text', text: text === '' ? `${String(tool)} failed` : text }], isError: text === '' };
    default:
      return undefined;
  }
}

function rpcError(id: unknown, code: number, message: string): object {
  return { jsonrpc: '2.0', id: id ?? null, error: { code, message } };
}
