import type { Call, DialectName, RequestFacts } from '../core/dialect.ts';
import { headerValue } from '../core/headers.ts';
import type { TracedRequest } from '../core/trace.ts';
import { bodyMembers } from './describe.ts';
import { asBuffer, type Members, scanObject, textOf } from './json-scan.ts';
import { operationName } from './operation-name.ts';

const contextMark = Buffer.from('"traceparent"');

/** What a trace tells of a request. Reads the top of its body, and nothing of what is said in it. */
export function readTracedRequest(dialect: DialectName, call: Call, request: RequestFacts, body: Uint8Array | undefined): TracedRequest {
  const members = bodyMembers(request, body);
  if (dialect === 'mcp') return messageOf(request, body, members);
  if (call.kind !== 'llm') return {};
  const operation = operationName(call);
  if (!body || !members) return { operation };
  const holder = dialect === 'gemini' ? within(body, members, ['generationConfig', 'generation_config']) : undefined;
  const options = dialect === 'ollama' ? within(body, members, ['options']) : undefined;
  const { bytes, keys } = holder ?? options ?? { bytes: body, keys: members };
  return {
    operation,
    maxTokens: numberIn(bytes, keys, ['max_completion_tokens', 'max_output_tokens', 'maxOutputTokens', 'max_tokens', 'num_predict']),
    temperature: numberIn(bytes, keys, ['temperature']),
    topP: numberIn(bytes, keys, ['top_p', 'topP']),
  };
}

/**
 * The trace context in `params._meta` of a message of MCP, where its members `traceparent` and `tracestate` are texts.
 * A body without one is told by a search alone.
 */
export function contextInBody(dialect: DialectName, body: Uint8Array): { traceparent: string; tracestate?: string } | undefined {
  if (dialect !== 'mcp' || !asBuffer(body).includes(contextMark)) return undefined;
  const params = within(body, scanObject(body), ['params']);
  const meta = params && within(params.bytes, params.keys, ['_meta']);
  if (!meta) return undefined;
  const traceparent = textOf(meta.bytes, meta.keys.get('traceparent'));
  const tracestate = textOf(meta.bytes, meta.keys.get('tracestate'));
  return traceparent === undefined ? undefined : { traceparent, ...(tracestate !== undefined && { tracestate }) };
}

function messageOf(request: RequestFacts, body: Uint8Array | undefined, members: Members | undefined): TracedRequest {
  const inBody = body && members ? textOf(body, members.get('method')) : undefined;
  const id = members?.get('id');
  return {
    mcpMethod: inBody ?? headerValue(request.headers, 'mcp-method'),
    mcpVersion: headerValue(request.headers, 'mcp-protocol-version'),
    rpcId: body && id?.hits === 1 ? asBuffer(body).toString('utf8', id.start, id.end).replaceAll('"', '').slice(0, 64) : undefined,
  };
}

/** The object that stands in a member of one of these names. */
function within(
  body: Uint8Array,
  members: Members | undefined,
  names: readonly string[],
): { bytes: Uint8Array; keys: Members } | undefined {
  for (const name of names) {
    const member = members?.get(name);
    if (member?.hits !== 1) continue;
    const bytes = body.subarray(member.start, member.end);
    const keys = scanObject(bytes);
    if (keys) return { bytes, keys };
  }
  return undefined;
}

function numberIn(body: Uint8Array, members: Members, names: readonly string[]): number | undefined {
  for (const name of names) {
    const member = members.get(name);
    if (member?.hits !== 1) continue;
    const text = asBuffer(body).toString('latin1', member.start, member.end);
    if (/^-?\d/.test(text) && Number.isFinite(Number(text))) return Number(text);
  }
  return undefined;
}
