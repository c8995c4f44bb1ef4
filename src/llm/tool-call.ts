import { crc32 } from 'node:zlib';
import type { ToolUse } from '../core/conversation.ts';
import type { Call, DialectName, RequestFacts } from '../core/dialect.ts';
import { isEncoded } from './changed-body.ts';
import { asObject, parseJson, parseObject } from './json-object.ts';
import { asBuffer } from './json-scan.ts';

/** A longer body stands for itself by its length and a checksum. */
const bodyLimitBytes = 64 * 1024;
const nameLength = 120;

/** What a request asks a tool to do: of MCP one call of one tool, of plain HTTP any request. Undefined for anything else. */
export function readToolCall(dialect: DialectName, call: Call, request: RequestFacts, body: Uint8Array | undefined): ToolUse | undefined {
  if (dialect === 'mcp') return call.kind === 'tool' ? mcpCall(call, request, body) : undefined;
  return dialect === 'http' ? httpCall(request, body) : undefined;
}

function mcpCall({ tool }: Call, request: RequestFacts, body: Uint8Array | undefined): ToolUse | undefined {
  if (tool === undefined || !body || body.byteLength > bodyLimitBytes || isEncoded(request.headers)) return undefined;
  const parameters = asObject(parseObject(asBuffer(body))?.['params']);
  return parameters && { tool, arguments: parameters['arguments'] };
}

const asking: ReadonlySet<string> = new Set(['HEAD', 'OPTIONS', 'CONNECT', 'TRACE']);

function httpCall({ method, path }: RequestFacts, body: Uint8Array | undefined): ToolUse | undefined {
  if (asking.has(method)) return undefined;
  const [where = '', query = ''] = path.split('?', 2);
  return {
    tool: `${method} ${where}`.slice(0, nameLength),
    arguments: { where, query: [...new URLSearchParams(query)].map((pair) => pair.join('=')).sort(), body: body && bodyOf(asBuffer(body)) },
  };
}

function bodyOf(body: Buffer): unknown {
  return body.length > bodyLimitBytes ? `${body.length} ${crc32(body)}` : (parseJson(body) ?? body.toString());
}
