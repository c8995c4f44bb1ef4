import { asObject, type JsonObject, objectsIn } from '../json-object.ts';
import type { Entry } from './left-out.ts';

const nothing: readonly string[] = [];

/** A message of OpenAI's chat completions; the old `function_call` goes by the name of its function. */
export function chatEntry({ role, tool_calls: calls, function_call: old, tool_call_id: answered, name }: JsonObject): Entry {
  switch (role) {
    case 'system':
    case 'developer':
      return { kind: 'system', calls: nothing, answers: nothing };
    case 'assistant': {
      const named = asObject(old);
      return {
        kind: 'model',
        calls: [...objectsIn(calls).map(({ id }) => String(id)), ...(named ? [String(named['name'])] : [])],
        answers: nothing,
      };
    }
    case 'tool':
    case 'function':
      return { kind: 'result', calls: nothing, answers: [String(answered ?? name)] };
    default:
      return { kind: 'user', calls: nothing, answers: nothing };
  }
}

/** A message of Ollama's chat: its calls have no ids, so that they are told by their number alone. */
export function ollamaEntry(message: JsonObject): Entry {
  const { kind } = chatEntry(message);
  const calls = kind === 'model' ? objectsIn(message['tool_calls']).map(() => 'call') : nothing;
  return { kind, calls, answers: kind === 'result' ? ['call'] : nothing };
}

/** An item of the input of OpenAI's responses. */
export function responsesEntry({ type, role, call_id: call, id, approval_request_id: approved }: JsonObject): Entry {
  if (type === 'mcp_approval_request') return { kind: 'model', calls: [String(id)], answers: nothing };
  if (type === 'mcp_approval_response') return { kind: 'result', calls: nothing, answers: [String(approved)] };
  if (typeof type === 'string' && type !== 'message') {
    const isResult = type.endsWith('_output');
    const ids = typeof call === 'string' ? [call] : nothing;
    return { kind: isResult ? 'result' : 'model', calls: isResult ? nothing : ids, answers: isResult ? ids : nothing };
  }
  return chatEntry({ role });
}

/** A message of Anthropic's; one that brings results and more is both. */
export function anthropicEntry({ role, content }: JsonObject): Entry {
  const blocks = objectsIn(content);
  if (role === 'system') return { kind: 'system', calls: nothing, answers: nothing };
  if (role === 'assistant') {
    return { kind: 'model', calls: blocks.filter(({ type }) => type === 'tool_use').map(({ id }) => String(id)), answers: nothing };
  }
  const answers = blocks.filter(({ type }) => type === 'tool_result').map((block) => String(block['tool_use_id']));
  return { kind: answers.length > 0 ? 'result' : 'user', calls: nothing, answers };
}

/** A content of Gemini's; its calls may have ids, and have names. */
export function geminiEntry({ role, parts }: JsonObject): Entry {
  const idsOf = (name: string) =>
    objectsIn(parts).flatMap((part) => {
      const named = asObject(part[name]) ?? asObject(part[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)]);
      return named ? [String(named['id'] ?? named['name'])] : [];
    });
  if (role === 'model') return { kind: 'model', calls: idsOf('functionCall'), answers: nothing };
  const answers = idsOf('functionResponse');
  return { kind: answers.length > 0 || role === 'function' ? 'result' : 'user', calls: nothing, answers };
}
