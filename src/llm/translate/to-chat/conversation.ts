import type { JsonObject } from '../../json-object.ts';
import { imagePart } from '../images.ts';
import { Reading } from '../reading.ts';
import { Untranslatable } from '../untranslatable.ts';

/**
 * The system prompt and the messages as those of a chat. One message of the user with results becomes one `tool` message
 * each and, for what stands behind them, one of the user. A last message of the assistant is one to go on with, which a
 * chat does not know.
 */
export function chatMessages(system: unknown, list: readonly unknown[]): JsonObject[] {
  const instructed = system === undefined ? [] : [{ role: 'system', content: textsOf(system, 'system') }];
  let role: string | undefined;
  const turns = list.flatMap((value, index) => {
    const message = new Reading(value, `messages[${index}]`);
    role = message.text('role');
    const content = message.take('content');
    message.end();
    const path = message.at('content');
    if (role === 'user') return userMessages(content, path);
    if (role === 'assistant') return [spokenMessage(content, path)];
    if (role === 'system') return [{ role, content: textsOf(content, path) }];
    return message.refuse('role', String(role));
  });
  if (role === 'assistant') throw new Untranslatable('messages end with one of the assistant, to be continued');
  return [...instructed, ...turns];
}

function userMessages(content: unknown, path: string): JsonObject[] {
  if (typeof content === 'string') return [{ role: 'user', content }];
  const blocks = blocksIn(content, path);
  const behind = blocks.findIndex((block) => block.text('type') !== 'tool_result');
  const results = (behind < 0 ? blocks : blocks.slice(0, behind)).map(resultMessage);
  if (behind < 0) return results;
  const parts = blocks.slice(behind).map((block) => {
    const type = block.text('type');
    if (type !== 'text' && type !== 'image') return block.refuse('type', String(type));
    const part = type === 'text' ? textPart(block) : imagePart(block);
    block.end();
    return part;
  });
  return [...results, { role: 'user', content: parts }];
}

function resultMessage(block: Reading): JsonObject {
  const id = block.needText('tool_use_id');
  // A chat has no mark for a tool that failed.
  block.only('is_error', false);
  const content = textsOf(block.take('content') ?? '', block.at('content'));
  block.end();
  return { role: 'tool', tool_call_id: id, content };
}

function spokenMessage(content: unknown, path: string): JsonObject {
  if (typeof content === 'string') return { role: 'assistant', content };
  const parts: JsonObject[] = [];
  const calls: JsonObject[] = [];
  for (const block of blocksIn(content, path)) {
    const type = block.text('type');
    if (type === 'tool_use') calls.push(callOf(block));
    else if (type !== 'text') block.refuse('type', String(type));
    else if (calls.length > 0) block.refuse('text', 'stands behind a tool call');
    else parts.push(textPart(block));
    block.end();
  }
  const [first] = parts;
  const text = parts.length === 1 && first ? first['text'] : parts;
  return { role: 'assistant', content: parts.length === 0 ? null : text, ...(calls.length > 0 && { tool_calls: calls }) };
}

function callOf(block: Reading): JsonObject {
  const id = block.needText('id');
  const name = block.needText('name');
  const input = block.take('input');
  block.only('caller', { type: 'direct' });
  return { id, type: 'function', function: { name, arguments: JSON.stringify(input ?? {}) } };
}

/** Text, or blocks of nothing else, as a chat's text or parts. */
function textsOf(content: unknown, path: string): string | JsonObject[] {
  if (typeof content === 'string') return content;
  return blocksIn(content, path).map((block) => {
    const type = block.text('type');
    if (type !== 'text') block.refuse('type', String(type));
    const part = textPart(block);
    block.end();
    return part;
  });
}

function textPart(block: Reading): JsonObject {
  const text = block.needText('text');
  block.only('citations', []);
  return { type: 'text', text };
}

function blocksIn(content: unknown, path: string): Reading[] {
  if (!Array.isArray(content) || content.length === 0) throw new Untranslatable(path);
  return content.map((value: unknown, index) => new Reading(value, `${path}[${index}]`));
}
