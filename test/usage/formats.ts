import type { Usage } from '../../src/core/usage.ts';
import { chunk, http, lastChunk } from '../kit/http-text.ts';

/** How a provider of a wire format asks, answers and counts. Bodies and events are written as its documentation shows them. */
export interface Format {
  readonly name: string;
  /** The upstream that speaks it, and the prefix of its route. */
  readonly upstream: string;
  readonly model: string;
  path(stream: boolean): string;
  question(text: string, stream: boolean): object;
  /** Kinds of tokens that it reports. */
  readonly kinds: readonly (keyof Usage)[];
  answer(text: string, usage: Usage): object;
  /** The events of a stream; those before `breaksAfter` come where it breaks off. */
  events(words: readonly string[], usage: Usage): string[];
  /** What has been reported once so many events are there. */
  reportedAfter(events: number, usage: Usage): Partial<Usage>;
  readonly streamType: string;
}

const sse = (value: object, name?: string) => `${name ? `event: ${name}\n` : ''}data: ${JSON.stringify(value)}\n\n`;
const none = {};

const openaiUsage = ({ input, output, cacheRead, reasoning }: Usage) => ({
  prompt_tokens: input + cacheRead,
  completion_tokens: output + reasoning,
  total_tokens: input + cacheRead + output + reasoning,
  prompt_tokens_details: { cached_tokens: cacheRead, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: reasoning, audio_tokens: 0 },
});

const chunkOf = (delta: object, finish: string | null, more: object = { usage: null }) =>
  sse({
    id: 'c',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'gpt-4o',
    choices: [{ index: 0, delta, finish_reason: finish }],
    ...more,
  });

export const chatFormat: Format = {
  name: 'chat completions',
  upstream: 'openai',
  model: 'gpt-4o',
  path: () => '/v1/chat/completions',
  question: (content, stream) => ({
    model: 'gpt-4o',
    messages: [{ role: 'user', content }],
    ...(stream && { stream, stream_options: { include_usage: true } }),
  }),
  kinds: ['input', 'output', 'cacheRead', 'reasoning'],
  answer: (content, usage) => ({
    id: 'c',
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    usage: openaiUsage(usage),
  }),
  events: (words, usage) => [
    chunkOf({ role: 'assistant', content: '' }, null),
    ...words.map((content) => chunkOf({ content }, null)),
    chunkOf({}, 'stop'),
    sse({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o', choices: [], usage: openaiUsage(usage) }),
    'data: [DONE]\n\n',
  ],
  reportedAfter: () => none,
  streamType: 'text/event-stream',
};

const responsesUsage = ({ input, output, cacheRead, reasoning }: Usage) => ({
  input_tokens: input + cacheRead,
  input_tokens_details: { cached_tokens: cacheRead },
  output_tokens: output + reasoning,
  output_tokens_details: { reasoning_tokens: reasoning },
  total_tokens: input + cacheRead + output + reasoning,
});

const response = (status: string, more: object) => ({ id: 'r', object: 'response', status, model: 'gpt-4o', error: null, ...more });

export const responsesFormat: Format = {
  ...chatFormat,
  name: 'responses',
  path: () => '/v1/responses',
  question: (input, stream) => ({ model: 'gpt-4o', input, store: false, ...(stream && { stream }) }),
  answer: (text, usage) =>
    response('completed', {
      output: [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text }] }],
      usage: responsesUsage(usage),
    }),
  events: (words, usage) => [
    sse({ type: 'response.created', response: response('in_progress', { output: [], usage: null }) }, 'response.created'),
    ...words.map((delta) =>
      sse({ type: 'response.output_text.delta', item_id: 'i', output_index: 0, delta }, 'response.output_text.delta'),
    ),
    sse(
      { type: 'response.completed', response: response('completed', { output: [], usage: responsesUsage(usage) }) },
      'response.completed',
    ),
  ],
};

const anthropicInput = ({ input, cacheRead, cacheWrite }: Usage) => ({
  input_tokens: input,
  cache_read_input_tokens: cacheRead,
  cache_creation_input_tokens: cacheWrite,
});

export const messagesFormat: Format = {
  name: 'messages',
  upstream: 'anthropic',
  model: 'claude-sonnet-4-5',
  path: () => '/v1/messages',
  question: (content, stream) => ({
    model: 'claude-sonnet-4-5',
    max_tokens: 100,
    messages: [{ role: 'user', content }],
    ...(stream && { stream }),
  }),
  kinds: ['input', 'output', 'cacheRead', 'cacheWrite'],
  answer: (text, usage) => ({
    type: 'message',
    role: 'assistant',
    content: [{ type: 'text', text }],
    stop_reason: 'end_turn',
    usage: { ...anthropicInput(usage), output_tokens: usage.output },
  }),
  events: (words, usage) => [
    sse(
      { type: 'message_start', message: { role: 'assistant', content: [], usage: { ...anthropicInput(usage), output_tokens: 1 } } },
      'message_start',
    ),
    sse({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }, 'content_block_start'),
    ...words.map((text) => sse({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }, 'content_block_delta')),
    sse({ type: 'content_block_stop', index: 0 }, 'content_block_stop'),
    sse({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: usage.output } }, 'message_delta'),
    sse({ type: 'message_stop' }, 'message_stop'),
  ],
  reportedAfter: (_, { input, cacheRead, cacheWrite }) => ({ input, cacheRead, cacheWrite, output: 1 }),
  streamType: 'text/event-stream',
};

const geminiUsage = ({ input, cacheRead, reasoning }: Usage, output: number) => ({
  promptTokenCount: input + cacheRead,
  cachedContentTokenCount: cacheRead,
  candidatesTokenCount: output,
  thoughtsTokenCount: reasoning,
  totalTokenCount: input + cacheRead + reasoning + output,
});
const candidate = (text: string, more: object = {}) => [{ content: { role: 'model', parts: [{ text }] }, index: 0, ...more }];

export const geminiFormat: Format = {
  name: 'generateContent',
  upstream: 'gemini',
  model: 'gemini-2.5-flash',
  path: (stream) => `/v1beta/models/gemini-2.5-flash:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
  question: (text) => ({ contents: [{ role: 'user', parts: [{ text }] }] }),
  kinds: ['input', 'output', 'cacheRead', 'reasoning'],
  answer: (text, usage) => ({ candidates: candidate(text, { finishReason: 'STOP' }), usageMetadata: geminiUsage(usage, usage.output) }),
  events: (words, usage) =>
    words.map((text, i) =>
      i < words.length - 1
        ? sse({ candidates: candidate(text), usageMetadata: geminiUsage(usage, i + 1) })
        : sse({ candidates: candidate(text, { finishReason: 'STOP' }), usageMetadata: geminiUsage(usage, usage.output) }),
    ),
  reportedAfter: (events, { input, cacheRead, reasoning }) => ({ input, cacheRead, reasoning, output: events }),
  streamType: 'text/event-stream',
};

export const ollamaFormat: Format = {
  name: 'ollama',
  upstream: 'ollama',
  model: 'llama3.2',
  path: () => '/api/chat',
  question: (content, stream) => ({ model: 'llama3.2', messages: [{ role: 'user', content }], stream }),
  kinds: ['input', 'output'],
  answer: (content, { input, output }) => ({
    model: 'llama3.2',
    message: { role: 'assistant', content },
    done: true,
    prompt_eval_count: input,
    eval_count: output,
  }),
  events: (words, { input, output }) => [
    ...words.map((content) => `${JSON.stringify({ model: 'llama3.2', message: { role: 'assistant', content }, done: false })}\n`),
    `${JSON.stringify({ model: 'llama3.2', message: { role: 'assistant', content: '' }, done: true, prompt_eval_count: input, eval_count: output })}\n`,
  ],
  reportedAfter: () => none,
  streamType: 'application/x-ndjson',
};

/** The bytes of a stream with all of these events. */
export function streamOf({ streamType }: Format, events: readonly string[]): string {
  return startOf({ streamType }, events) + lastChunk;
}

/** The same without an end. */
export function startOf({ streamType }: Pick<Format, 'streamType'>, events: readonly string[]): string {
  return (
    http(['HTTP/1.1 200 OK', `Content-Type: ${streamType}`, 'Transfer-Encoding: chunked']) + events.map((event) => chunk(event)).join('')
  );
}
