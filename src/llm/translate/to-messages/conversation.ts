import { asObject, type JsonObject } from '../../json-object.ts';
import { parseExactJson } from '../exact-json.ts';
import { Reading } from '../reading.ts';
import { Untranslatable } from '../untranslatable.ts';
import { blocksOf } from './content.ts';

/** The messages of a chat as Anthropic's interface has them: what the system says stands apart. */
export interface Conversation {
  readonly system: readonly JsonObject[];
  readonly messages: readonly JsonObject[];
}

/** What Anthropic's interface takes as the id of a call and as the name of a tool. */
const identifier = /^[A-Za-z0-9_-]{1,128}$/;

/**
 * Translates the messages of a chat in their order. An instruction behind the first turn cannot keep its place, and a last
 * message of the assistant would be continued, not answered: such chats are untranslatable.
 */
export function conversationOf(list: readonly unknown[]): Conversation {
  const system: JsonObject[] = [];
  const messages: JsonObject[] = [];
  /** Calls of the last message that have no result yet. */
  let open: string[] = [];
  let results: JsonObject[] | undefined;
  let role = '';

  for (const [index, value] of list.entries()) {
    const path = `messages[${index}]`;
    const message = new Reading(value, path);
    role = message.needText('role');
    if (role !== 'tool') {
      if (open.length > 0) throw new Untranslatable(`${path} stands before the result of a tool call`);
      results = undefined;
    }
    switch (role) {
      case 'system':
      case 'developer':
        if (messages.length > 0) throw new Untranslatable(`${path} is a ${role} message behind the first turn`);
        system.push(...systemBlocks(message));
        break;
      case 'user':
        messages.push({ role, content: userContent(message) });
        break;
      case 'assistant': {
        if (messages.length === 0) throw new Untranslatable(`${path} is the assistant's and the first turn`);
        const calls = callsOf(message);
        open = calls.map(({ id }) => id);
        if (new Set(open).size < open.length) message.refuse('tool_calls', 'have an id twice');
        messages.push({ role, content: [...spokenBlocks(message, calls.length > 0), ...calls] });
        break;
      }
      case 'tool': {
        const result = resultOf(message);
        if (!open.includes(result.tool_use_id)) message.refuse('tool_call_id', 'answers no call of the message before');
        open = open.filter((id) => id !== result.tool_use_id);
        if (results) results.push(result);
        else {
          results = [result];
          messages.push({ role: 'user', content: results });
        }
        break;
      }
      default:
        message.refuse('role', role);
    }
    message.end();
  }
  if (open.length > 0) throw new Untranslatable('messages end before the result of a tool call');
  if (messages.length === 0) throw new Untranslatable('messages have no turn');
  if (role === 'assistant') throw new Untranslatable('messages end with one of the assistant');
  return { system, messages };
}

function systemBlocks(message: Reading): JsonObject[] {
  const content = message.take('content');
  // An empty instruction says nothing.
  return content === '' ? [] : blocksOf(content, message.at('content'), { images: false });
}

function userContent(message: Reading): string | JsonObject[] {
  const content = message.take('content');
  const blocks = blocksOf(content, message.at('content'), { images: true });
  return typeof content === 'string' ? content : blocks;
}

function spokenBlocks(message: Reading, calls: boolean): JsonObject[] {
  const content = message.take('content');
  // What SDKs send back of an answer that had none of these.
  message.only('annotations', []);
  if (calls && (content === undefined || content === '')) return [];
  return blocksOf(content, message.at('content'), { images: false });
}

function callsOf(message: Reading): { type: 'tool_use'; id: string; name: string; input: JsonObject }[] {
  return (message.list('tool_calls') ?? []).map((value, index) => {
    const call = new Reading(value, `${message.at('tool_calls')}[${index}]`);
    if (call.text('type') !== 'function') call.refuse('type');
    const called = new Reading(call.take('function'), call.at('function'));
    const id = identifierIn(call, 'id');
    const name = identifierIn(called, 'name');
    const input = argumentsOf(called);
    call.end();
    called.end();
    return { type: 'tool_use', id, name, input };
  });
}

function argumentsOf(called: Reading): JsonObject {
  try {
    const input = asObject(parseExactJson(called.needText('arguments')));
    if (input) return input;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return called.refuse('arguments', 'is no JSON object');
}

function resultOf(message: Reading): { type: 'tool_result'; tool_use_id: string; content: unknown } {
  const content = message.take('content');
  const blocks = content === '' ? content : blocksOf(content, message.at('content'), { images: false });
  const id = identifierIn(message, 'tool_call_id');
  return { type: 'tool_result', tool_use_id: id, content: typeof content === 'string' ? content : blocks };
}

function identifierIn(reading: Reading, name: string): string {
  const text = reading.needText(name);
  return identifier.test(text) ? text : reading.refuse(name, 'has other characters than letters, digits, _ and -, or over 128');
}
