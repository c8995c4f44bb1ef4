import type { Conversation } from '../../core/conversation.ts';
import type { Call, DialectName, RequestFacts } from '../../core/dialect.ts';
import { isEncoded } from '../changed-body.ts';
import { type JsonObject, parseObject, parseText } from '../json-object.ts';
import { asBuffer } from '../json-scan.ts';
import { readAnthropicConversation } from './anthropic.ts';
import { readGeminiConversation } from './gemini.ts';
import { readChatConversation } from './openai-chat.ts';
import { readResponsesConversation } from './openai-responses.ts';

/**
 * What the body of a call to a model tells of its conversation; undefined where it is of none, or cannot be read. `from` is
 * where in the list of the conversation an element has ended: only those behind it are read then.
 */
export function readConversation(
  dialect: DialectName,
  call: Call,
  request: RequestFacts,
  body: Uint8Array,
  from?: number,
): Conversation | undefined {
  const { api, history } = call;
  const read = readerOf(dialect, api);
  if (!read || isEncoded(request.headers)) return undefined;
  if (from !== undefined) {
    const added = history && parseText(`[${asBuffer(body).toString('utf8', from + 1, history.end - 1)}]`);
    return Array.isArray(added) ? read({ [listName(dialect, api)]: added }) : undefined;
  }
  const parsed = parseObject(asBuffer(body));
  return parsed && read(parsed);
}

function listName(dialect: DialectName, api: string | undefined): string {
  if (dialect === 'gemini') return 'contents';
  return api === 'responses' ? 'input' : 'messages';
}

function readerOf(dialect: DialectName, api: string | undefined): ((body: JsonObject) => Conversation) | undefined {
  switch (dialect) {
    case 'openai':
      if (api === 'chat') return readChatConversation;
      return api === 'responses' ? readResponsesConversation : undefined;
    case 'anthropic':
      return readAnthropicConversation;
    case 'gemini':
      return readGeminiConversation;
    case 'ollama':
      return readChatConversation;
    case 'mcp':
    case 'http':
      return undefined;
  }
}
