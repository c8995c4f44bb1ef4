import type { Conversation } from '../../core/conversation.ts';
import { asObject, type JsonObject, objectsIn } from '../json-object.ts';
import { contentOf, nameIn, textOf, textOrJson } from './text-of.ts';
import { TurnList } from './turn-list.ts';

/** Reads the contents of Gemini's generateContent. */
export function readGeminiConversation(body: JsonObject): Conversation {
  const turns = new TurnList(body['tools']);
  turns.instruct(textOf(asObject(body['systemInstruction'] ?? body['system_instruction'])?.['parts']));
  for (const { role, parts } of objectsIn(body['contents'])) {
    const all = objectsIn(parts);
    const text = textOf(all.filter((part) => part['thought'] !== true));
    if (role === 'model') {
      const calls = partsNamed(all, 'functionCall').map(({ id, name, args }) => ({
        id: nameIn(id) || nameIn(name),
        tool: nameIn(name),
        arguments: args,
      }));
      turns.assistant(text, calls);
      continue;
    }
    for (const { id, name, response } of partsNamed(all, 'functionResponse')) {
      turns.result(nameIn(id) || nameIn(name), textOrJson(response), asObject(response)?.['error'] !== undefined);
    }
    turns.user(contentOf(all.filter((part) => !('functionResponse' in part) && part['thought'] !== true)));
  }
  return turns.conversation();
}

function partsNamed(parts: readonly JsonObject[], name: string): JsonObject[] {
  return parts.map((part) => asObject(part[name])).filter((part) => part !== undefined);
}
