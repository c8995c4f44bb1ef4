import { anthropicMessages } from './anthropic-messages.ts';
import { readChat } from './chat-request.ts';
import { openaiChat } from './openai-chat.ts';
import { type Asked, type Pace, type Script, wholeScript } from './script.ts';
import { toolServer } from './tool-server.ts';

/** What kind of server is simulated: a model of one of two providers, an MCP server, or a plain one. */
export type Format = 'openai' | 'anthropic' | 'mcp' | 'http';

export interface AnswerTerms {
  readonly pace: Pace;
  readonly wallMs: number;
  /** The answer has the right form and nothing in it. */
  readonly empty?: boolean;
}

const usualModel = 'simulated-1';

/** What a server of that kind answers if nothing goes wrong. */
export function answerOf(format: Format, asked: Asked, terms: AnswerTerms): Script {
  switch (format) {
    case 'openai':
      return openai(asked, terms);
    case 'anthropic':
      return anthropic(asked, terms);
    case 'mcp':
      return toolServer(asked, terms.empty ? '' : 'The page says that all is well.', terms.pace.headMs);
    case 'http':
      return wholeScript(200, { results: terms.empty ? [] : ['The first thing that was found.', 'And another.'] }, terms.pace.headMs);
  }
}

/** An error in the words of that kind of server. `code` is OpenAI's code and Anthropic's type. */
export function errorOf(format: Format, status: number, code: string, message: string, headers: readonly string[] = []): Script {
  return wholeScript(status, errorBody(format, code, message), 0, [...headers]);
}

/** The body of such an error; also what an event of a stream holds. */
export function errorBody(format: Format, code: string, message: string): object {
  if (format === 'anthropic') return { type: 'error', error: { type: code, message } };
  return { error: { message, type: code, param: null, code } };
}

function openai(asked: Asked, { pace, wallMs, empty }: AnswerTerms): Script {
  const path = plain(asked);
  if (asked.method === 'GET' && path === '/v1/models') {
    return wholeScript(200, { object: 'list', data: [{ id: usualModel, object: 'model', created: 0, owned_by: 'outrigger' }] });
  }
  if (asked.method !== 'POST' || path !== '/v1/chat/completions') return unserved(asked, 'POST /v1/chat/completions and GET /v1/models');
  const chat = readChat(asked.body, usualModel);
  if (typeof chat === 'string') return refusal(400, 'invalid_request', chat);
  return openaiChat(chat, empty ? '' : wordsOf(chat.question, chat.wantsJson), wallMs, pace);
}

function anthropic(asked: Asked, { pace, wallMs, empty }: AnswerTerms): Script {
  if (asked.method !== 'POST' || plain(asked) !== '/v1/messages') return unserved(asked, 'POST /v1/messages');
  const chat = readChat(asked.body, usualModel);
  if (typeof chat === 'string') return errorOf('anthropic', 400, 'invalid_request_error', chat);
  return anthropicMessages(chat, empty ? '' : wordsOf(chat.question, chat.wantsJson), wallMs, pace);
}

/** A sentence that repeats the question, so that a new user sees a real round trip. */
function wordsOf(question: string, asJson: boolean): string {
  const said = `This is Outrigger's simulated provider. You said: ${question.slice(0, 500)}`;
  return asJson ? JSON.stringify({ answer: said }) : said;
}

function unserved(asked: Asked, served: string): Script {
  return refusal(404, 'not_found', `The simulated provider serves ${served}, not ${asked.method} ${plain(asked)}.`);
}

function refusal(status: number, code: string, message: string): Script {
  return wholeScript(status, { error: { message, type: 'invalid_request_error', param: null, code } });
}

function plain({ path }: Asked): string {
  return path.split('?', 1)[0] ?? '';
}
