import type { Conversation } from '../../core/conversation.ts';
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
    if (role === 'assistant') {
      const calls = blocksOf(content, 'tool_use').map(({ id, name, input }) => ({ id: nameIn(id), tool: nameIn(name), arguments: input }));
      turns.assistant(words(content), calls);
    } else if (role === 'user') {
      for (const block of blocksOf(content, 'tool_result')) {
        turns.result(nameIn(block['tool_use_id']), contentOf(block['content']), block['is_error'] === true);
      }
      turns.user(saidBy(content).replace(reminder, '').trim());
    } else if (role === 'system') turns.instruct(textOf(content));
  }
  const thread = asObject(body['thread']);
  return turns.conversation(nameIn(thread?.['previous_message_id']) || undefined, thread !== undefined);
}

function blocksOf(content: unknown, type: string): JsonObject[] {
  return objectsIn(content).filter((block) => block['type'] === type);
}

/** What a user has said, beside the results of tools. */
function saidBy(content: unknown): string {
  return contentOf(Array.isArray(content) ? objectsIn(content).filter(({ type }) => type !== 'tool_result') : content);
}

function words(content: unknown): string {
  return typeof content === 'string' ? content : textOf(blocksOf(content, 'text'));
}
