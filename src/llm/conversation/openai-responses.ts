import type { Conversation } from '../../core/conversation.ts';
import { asObject, type JsonObject, objectsIn } from '../json-object.ts';
import { contentOf, nameIn, textOf, textOrJson } from './text-of.ts';
import { TurnList } from './turn-list.ts';

/** Reads the input items of OpenAI's responses interface. */
export function readResponsesConversation(body: JsonObject): Conversation {
  const turns = new TurnList(body['tools']);
  turns.instruct(nameIn(body['instructions']));
  const { input } = body;
  if (typeof input === 'string') turns.user(input);
  for (const item of objectsIn(input)) readItem(item, turns);
  const conversation = nameIn(body['conversation']) || nameIn(asObject(body['conversation'])?.['id']);
  const continues = nameIn(body['previous_response_id']) || conversation || undefined;
  // Responses are stored unless the request says otherwise; who sends the history along will do so again.
  const continuable = body['store'] !== false && (continues !== undefined || !turns.answered);
  return turns.conversation(continues, continuable);
}

/** Reads an item of an input or of an output. */
export function readItem(item: JsonObject, turns: TurnList): void {
  const type = nameIn(item['type']) || 'message';
  if (type === 'message') readMessage(item, turns);
  else if (type.endsWith('_call_output')) {
    const { output } = item;
    turns.result(nameIn(item['call_id']), contentOf(output) || textOrJson(output), item['status'] === 'failed');
  } else if (type.endsWith('_call')) {
    const tool = nameIn(item['name']) || type;
    turns.assistant('', [{ id: nameIn(item['call_id']), tool, arguments: item['arguments'] ?? item['input'] ?? item['action'] }]);
  }
}

function readMessage(item: JsonObject, turns: TurnList): void {
  const text = textOf(item['content']);
  switch (item['role']) {
    case 'system':
    case 'developer':
      turns.instruct(text);
      break;
    case 'user':
      turns.user(contentOf(item['content']));
      break;
    case 'assistant':
      turns.assistant(text, []);
  }
}
