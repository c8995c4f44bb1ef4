import type { Conversation, ToolCall } from '../../core/conversation.ts';
import { asObject, type JsonObject, objectsIn } from '../json-object.ts';
import { contentOf, nameIn, textOf } from './text-of.ts';
import { TurnList } from './turn-list.ts';

/** Reads the messages of OpenAI's chat completions, the old `function_call` included, and those of Ollama's chat. */
export function readChatConversation(body: JsonObject): Conversation {
  const turns = new TurnList(body['tools'] ?? body['functions']);
  for (const message of objectsIn(body['messages'])) {
    const text = textOf(message['content']);
    switch (message['role']) {
      case 'system':
      case 'developer':
        turns.instruct(text);
        break;
      case 'user':
        turns.user(contentOf(message['content']));
        break;
      case 'assistant':
        turns.assistant(text, callsIn(message));
        break;
      case 'tool':
      case 'function':
        turns.result(nameIn(message['tool_call_id'] ?? message['name'] ?? message['tool_name']), contentOf(message['content']), false);
    }
  }
  return turns.conversation();
}

function callsIn(message: JsonObject): ToolCall[] {
  const old = asObject(message['function_call']);
  // Its result is told by the name of the function.
  if (old) return [{ id: nameIn(old['name']), tool: nameIn(old['name']), arguments: old['arguments'] }];
  return objectsIn(message['tool_calls']).map((call) => {
    const named = asObject(call['function']) ?? asObject(call['custom']) ?? {};
    return { id: nameIn(call['id']), tool: nameIn(named['name']), arguments: named['arguments'] ?? named['input'] };
  });
}
