import type { PieceReader, ToolResult } from '../core/conversation.ts';
import type { DialectName } from '../core/dialect.ts';
import type { RawHeaders } from '../core/headers.ts';
import type { AnswerParts } from './content/choices.ts';
import { readerOf } from './content/reader.ts';
import { contentOf, textOrJson } from './conversation/text-of.ts';
import { asObject, type JsonObject } from './json-object.ts';
import { asBuffer } from './json-scan.ts';

/** A longer answer of an MCP server is not looked into. */
const messageLimitBytes = 1024 * 1024;
/** Of any other answer only its beginning and its end are kept. */
const endBytes = 4096;

/** Reads what came of a call of a tool from its answer; undefined where that cannot be looked into. */
export function toolResultReader(dialect: DialectName, status: number, headers: RawHeaders): PieceReader<ToolResult> | undefined {
  return dialect === 'mcp' ? mcpResult(headers) : new BothEnds(status);
}

function mcpResult(headers: RawHeaders): PieceReader<ToolResult> | undefined {
  const parts = new RpcResult();
  const reader = readerOf(parts, headers);
  if (!reader) return undefined;
  let bytes = 0;
  return {
    push(chunk) {
      bytes += chunk.byteLength;
      return bytes > messageLimitBytes ? undefined : reader.push(chunk);
    },
    async end() {
      if (bytes > messageLimitBytes) return undefined;
      return (await reader.end()) && parts.result;
    },
  };
}

/** The last answer among JSON-RPC messages; what a server tells or asks meanwhile is none. */
class RpcResult implements AnswerParts {
  readonly begun = false;
  result: ToolResult | undefined;

  see(message: JsonObject): void {
    const error = asObject(message['error']);
    const result = asObject(message['result']);
    if (error) this.result = { text: textOrJson(error), error: true };
    else if (result) {
      const text = contentOf(result['content']) || textOrJson(result['structuredContent'] ?? '');
      this.result = { text, error: result['isError'] === true };
    }
  }

  choices(): readonly [] {
    return [];
  }
}

class BothEnds implements PieceReader<ToolResult> {
  readonly #status: number;
  #head = Buffer.alloc(0);
  #tail = Buffer.alloc(0);
  #bytes = 0;

  constructor(status: number) {
    this.#status = status;
  }

  push(chunk: Uint8Array): void {
    const bytes = asBuffer(chunk);
    this.#bytes += bytes.length;
    const room = endBytes - this.#head.length;
    if (room > 0) this.#head = Buffer.concat([this.#head, bytes.subarray(0, room)]);
    const rest = bytes.subarray(Math.max(0, room));
    if (rest.length > 0) this.#tail = Buffer.concat([this.#tail, rest.subarray(-endBytes)]).subarray(-endBytes);
  }

  end(): ToolResult {
    const rest = this.#bytes - this.#head.length;
    const end = rest === 0 ? '' : ` … ${this.#bytes} … ${this.#tail.toString()}`;
    return { text: `${this.#status} ${this.#head.toString()}${end}`, error: this.#status >= 400 };
  }
}
