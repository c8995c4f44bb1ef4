import type { ContentFacts } from '../../core/content.ts';
import type { RequestFacts } from '../../core/dialect.ts';
import { plainPath } from '../describe.ts';
import { askedIn, noDemand } from './demand.ts';
import { ChatParts, chatDemand } from './openai-chat.ts';
import { ResponseParts, responsesDemand } from './openai-responses.ts';
import { readerOf } from './reader.ts';

/** What OpenAI's chat completions and responses are asked for and say. */
export const openaiContent: ContentFacts = {
  demand(request, body) {
    const api = writingApi(request);
    if (!api) return undefined;
    const asked = askedIn(request, body);
    if (!asked) return noDemand;
    return api === 'chat' ? chatDemand(asked) : responsesDemand(asked);
  },
  reader: (request, headers) => readerOf(writingApi(request) === 'chat' ? new ChatParts() : new ResponseParts(), headers),
};

function writingApi(request: RequestFacts): 'chat' | 'responses' | undefined {
  if (request.method !== 'POST') return undefined;
  const path = plainPath(request);
  if (path.endsWith('/chat/completions')) return 'chat';
  return path.endsWith('/responses') ? 'responses' : undefined;
}
