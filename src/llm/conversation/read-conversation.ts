import type { Conversation } from '../../core/conversation.ts';
import type { Call, DialectName, RequestFacts } from '../../core/dialect.ts';
import { isEncoded } from '../changed-body.ts';
import { type JsonObject, parseObject } from '../json-object.ts';
import { asBuffer } from '../json-scan.ts';
import { readAnthropicConversation } from './anthropic.ts';
import { readGeminiConversation } from './gemini.ts';
import { readChatConversation } from './openai-chat.ts';
import { readResponsesConversation } from './openai-responses.ts';

/** What the body of a call to a model tells of its conversation; undefined where it is of none, or cannot be read. */
export function readConversation(dialect: DialectName, { api }: Call, request: RequestFacts, body: Uint8Array): Conversation | undefined {
  const read = readerOf(dialect, api);
  if (!read || isEncoded(request.headers)) return undefined;
  const parsed = parseObject(asBuffer(body));
  return parsed && read(parsed);
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
