import type { Deed } from './behaviour.ts';

/** What a request to the scripted provider is. */
export interface Asked {
  readonly format: 'openai' | 'anthropic' | 'search';
  readonly model: string;
  readonly stream: boolean;
  /** JSON is asked for. */
  readonly json: boolean;
}

const words = 'The quick brown fox jumps over the lazy dog and goes on to tell the tale in a few more words than it would need.'.split(' ');
const openaiUsage = {
  prompt_tokens: 420,
  completion_tokens: 60,
  total_tokens: 480,
  prompt_tokens_details: { cached_tokens: 300 },
  completion_tokens_details: { reasoning_tokens: 20 },
};
const anthropicUsage = { input_tokens: 200, output_tokens: 60, cache_creation_input_tokens: 30, cache_read_input_tokens: 100 };

const openaiErrors: Partial<Record<Deed, { status: number; code: string; headers?: Record<string, string> }>> = {
  busy: { status: 503, code: 'overloaded' },
  limited: { status: 429, code: 'rate_limit_exceeded', headers: { 'retry-after-ms': '120' } },
  quota: { status: 429, code: 'insufficient_quota' },
  broken: { status: 500, code: 'server_error' },
  wrong: { status: 400, code: 'invalid_value' },
  'too-long': { status: 400, code: 'context_length_exceeded' },
};

/** The error that a deed answers with, in the format of the request; undefined where it does not answer with one. */
export function errorOf(
  deed: Deed,
  format: Asked['format'],
): { status: number; headers: Record<string, string>; body: string } | undefined {
  const error = openaiErrors[deed];
  if (!error) return undefined;
  const { status, code, headers = {} } = error;
  const told =
    format === 'anthropic'
      ? { type: 'error', error: { type: status === 503 ? 'overloaded_error' : 'api_error', message: code } }
      : { error: { message: code, type: code, param: null, code } };
  return { status, headers, body: JSON.stringify(told) };
}

/** What is left of this minute's limits, as providers tell; a search has none. */
export function rateLimits({ format }: Asked): Record<string, string> {
  if (format === 'search') return {};
  const goneShare = (Date.now() % 60_000) / 60_000;
  const limits = { requests: 500, tokens: 200_000 };
  const fields = Object.entries(limits).flatMap(([kind, limit]) => {
    const name = (what: string) => (format === 'openai' ? `x-ratelimit-${what}-${kind}` : `anthropic-ratelimit-${kind}-${what}`);
    return [
      [name('limit'), String(limit)],
      [name('remaining'), String(Math.round(limit * (1 - goneShare)))],
    ];
  });
  return Object.fromEntries(fields) as Record<string, string>;
}

/** A whole answer. */
export function wholeOf({ format, model, json }: Asked, deed: Deed): string {
  if (format === 'search')
    return JSON.stringify({ results: Array.from({ length: 200 }, (_, i) => `result ${i} of a search that found much`) });
  const text = json && deed !== 'prose' ? '{"city":"Rome"}' : words.join(' ');
  if (format === 'anthropic') {
    return JSON.stringify({
      ...{ id: 'msg_1', type: 'message', role: 'assistant', model, content: [{ type: 'text', text }] },
      ...{ stop_reason: 'end_turn', stop_sequence: null, usage: anthropicUsage },
    });
  }
  return JSON.stringify({
    ...{ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model },
    choices: [{ index: 0, message: { role: 'assistant', content: text, refusal: null }, logprobs: null, finish_reason: 'stop' }],
    ...(deed !== 'uncounted' && { usage: openaiUsage }),
  });
}

/** The events of a streamed answer. */
export function streamOf(asked: Asked, deed: Deed): string[] {
  const pieces =
    deed === 'circle' ? Array.from({ length: 400 }, () => 'and again the same words over and over, ') : words.map((word) => `${word} `);
  return asked.format === 'anthropic' ? anthropicEvents(asked.model, pieces) : openaiEvents(asked.model, pieces, deed !== 'uncounted');
}

function openaiEvents(model: string, pieces: readonly string[], counted: boolean): string[] {
  const event = (choices: object[], more = {}) =>
    `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model, choices, ...more })}\n\n`;
  const delta = (content: object, finish_reason: string | null = null) => event([{ index: 0, delta: content, finish_reason }]);
  return [
    delta({ role: 'assistant', content: '' }),
    ...pieces.map((content) => delta({ content })),
    delta({}, 'stop'),
    ...(counted ? [event([], { usage: openaiUsage })] : []),
    'data: [DONE]\n\n',
  ];
}

function anthropicEvents(model: string, pieces: readonly string[]): string[] {
  const event = (type: string, more: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model, content: [], stop_reason: null, stop_sequence: null };
  return [
    event('message_start', { message: { ...message, usage: { ...anthropicUsage, output_tokens: 1 } } }),
    event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
    ...pieces.map((text) => event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } })),
    event('content_block_stop', { index: 0 }),
    event('message_delta', { delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 60 } }),
    event('message_stop', {}),
  ];
}
