import { type JsonRecord, readObject, recordsIn, textOf } from './json-fields.ts';

/** What a simulated model heeds of a conversation. */
export interface ChatRequest {
  readonly model: string;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly wantsJson: boolean;
  /** The last words of the conversation. */
  readonly question: string;
  /** Of all that was sent: roughly four characters a token, as English has. */
  readonly inputTokens: number;
  /** Whether the conversation began before. */
  readonly goesOn: boolean;
  /** The tool that the model calls now, if it calls one. */
  readonly tool: string | undefined;
}

/** What the note of a person has to say for a simulated model to leave what does not work. */
const wayOut = 'give it up';

/** A request for a chat completion or a message, or what is wrong with it. */
export function readChat(body: Uint8Array | undefined, usualModel: string): ChatRequest | string {
  const parsed = readObject(body);
  if (typeof parsed === 'string') return parsed;
  const messages = recordsIn(parsed['messages']);
  if (messages.length === 0) return "'messages' must be a list of at least one message.";
  const texts = messages.map(({ content }) => textOf(content));
  const [options] = recordsIn([parsed['stream_options']]);
  const [format] = recordsIn([parsed['response_format']]);
  return {
    model: typeof parsed['model'] === 'string' ? parsed['model'] : usualModel,
    stream: parsed['stream'] === true,
    includeUsage: options?.['include_usage'] === true,
    wantsJson: String(format?.['type']).startsWith('json'),
    question: texts.at(-1) ?? '',
    inputTokens: texts.reduce((sum, text) => sum + Math.ceil(text.length / 4), 3),
    goesOn: messages.some(({ role }) => role === 'assistant'),
    tool: texts.some((text) => text.includes(wayOut)) ? undefined : nextTool(parsed, messages),
  };
}

/** The tools are called one after the other; one that has failed is called again, and again. */
function nextTool({ tools }: JsonRecord, messages: readonly JsonRecord[]): string | undefined {
  const names = recordsIn(tools).map(({ function: named }) => String(recordsIn([named])[0]?.['name']));
  const results = messages.filter(({ role }) => role === 'tool').map(({ content }) => textOf(content));
  const done = results.filter((result) => !result.includes('failed')).length;
  return names[done];
}

/** Tokens of a text: roughly four characters each. */
export function tokensOf(text: string): number {
  return Math.ceil(text.length / 4);
}
