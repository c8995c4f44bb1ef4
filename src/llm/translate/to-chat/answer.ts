import { asObject, type JsonObject } from '../../json-object.ts';
import { Reading } from '../reading.ts';
import { finishReason } from '../stop-reasons.ts';
import { chatUsage } from '../usage.ts';

/**
 * A message as a chat completion that was made at `created`, in seconds since 1970. Throws `Untranslatable` where it holds
 * what a completion has no place for.
 */
export function chatAnswer(message: JsonObject, created: number): JsonObject {
  const from = new Reading(message, '');
  let text = '';
  const calls: JsonObject[] = [];
  for (const [index, value] of (from.list('content') ?? from.refuse('content')).entries()) {
    const block = new Reading(value, `content[${index}]`);
    const type = block.text('type');
    if (type === 'tool_use') calls.push(callOf(block));
    else if (type !== 'text') block.refuse('type', String(type));
    else if (calls.length > 0) block.refuse('text', 'stands behind a tool call');
    else {
      text += block.needText('text');
      block.only('citations', []);
    }
    block.end();
  }
  const said = { role: 'assistant', content: text === '' ? null : text, refusal: null, ...(calls.length > 0 && { tool_calls: calls }) };
  const choice = { index: 0, message: said, logprobs: null, finish_reason: finishReason(from.take('stop_reason')) };
  const usage = asObject(from.take('usage'));
  return {
    id: from.text('id') ?? '',
    object: 'chat.completion',
    created,
    model: from.text('model') ?? '',
    choices: [choice],
    ...(usage && { usage: chatUsage(usage) }),
  };
}

function callOf(block: Reading): JsonObject {
  const input = JSON.stringify(block.take('input') ?? {});
  block.only('caller', { type: 'direct' });
  return { id: block.needText('id'), type: 'function', function: { name: block.needText('name'), arguments: input } };
}
