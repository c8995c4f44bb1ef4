import type { Conversation, ToolCall } from '../../core/conversation.ts';
import { asObject, type JsonObject, objectsIn } from '../json-object.ts';
import { contentOf, nameIn, textOf } from './text-of.ts';
import { TurnList } from './turn-list.ts';

/** Claude Code writes its own notes to the model among what the user says. */
const reminder = /<system-reminder>[\s\S]*?<\/system-reminder>/g;

/** Reads the messages of Anthropic's messages interface. */
export function readAnthropicConversation(body: JsonObject): Conversation {
  const turns = new TurnList(body['tools']);
  turns.instruct(textOf(body['system']));
  for (const message of objectsIn(body['messages'])) {
    const { content, role } = message;
    if (role === 'assistant') readAnswer(content, turns);
    else if (role === 'user') readRequest(content, turns);
    else if (role === 'system') turns.instruct(textOf(content));
  }
  const thread = asObject(body['thread']);
  return turns.conversation(nameIn(thread?.['previous_message_id']) || undefined, thread !== undefined);
}

function readAnswer(content: unknown, turns: TurnList): void {
  if (!Array.isArray(content)) {
    turns.assistant(textOf(content), []);
    return;
  }
  const texts: string[] = [];
  const calls: ToolCall[] = [];
  for (const block of objectsIn(content)) {
    if (block['type'] === 'text') texts.push(textOf(block));
    else if (block['type'] === 'tool_use') calls.push({ id: nameIn(block['id']), tool: nameIn(block['name']), arguments: block['input'] });
  }
  turns.assistant(texts.join('\n'), calls);
}

function readRequest(content: unknown, turns: TurnList): void {
  const said: unknown[] = [];
  for (const block of Array.isArray(content) ? objectsIn(content) : [content]) {
    const { type, tool_use_id: call, content: result, is_error: error } = asObject(block) ?? {};
    if (type === 'tool_result') turns.result(nameIn(call), contentOf(result), error === true);
    else said.push(block);
  }
  if (said.length > 0) turns.user(contentOf(said).replace(reminder, '').trim());
}
