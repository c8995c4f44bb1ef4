import { chunk, http } from '../kit/http-text.ts';

/** The head of an event stream in chunks. */
export const eventStream = http(['HTTP/1.1 200 OK', 'Content-Type: text/event-stream', 'Transfer-Encoding: chunked']);

/** Events of OpenAI's chat, each as a chunk of the body. */
export const chat = {
  role: chunk(`data: ${JSON.stringify(chatChunk({ role: 'assistant', content: '' }))}\n\n`),
  text: (content: string) => chunk(`data: ${JSON.stringify(chatChunk({ content }))}\n\n`),
  stop: chunk(`data: ${JSON.stringify(chatChunk({}, 'stop'))}\n\n`),
  done: chunk('data: [DONE]\n\n'),
  error: chunk('data: {"error":{"message":"The server had an error","type":"server_error","param":null,"code":null}}\n\n'),
};

function chatChunk(delta: object, finish: string | null = null): object {
  const choices = [{ index: 0, delta, finish_reason: finish }];
  return { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'gpt-x', choices };
}

/** Events of Anthropic's messages, each as a chunk of the body. */
export const messages = {
  start: named('message_start', {
    message: {
      ...{ id: 'message-1', type: 'message', role: 'assistant', content: [], model: 'claude-x' },
      ...{ stop_reason: null, stop_sequence: null, usage: { input_tokens: 1, output_tokens: 1 } },
    },
  }),
  block: named('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
  text: (text: string) => named('content_block_delta', { index: 0, delta: { type: 'text_delta', text } }),
  blockEnd: named('content_block_stop', { index: 0 }),
  stop: named('message_delta', { delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 5 } }),
  end: named('message_stop', {}),
  error: named('error', { error: { type: 'overloaded_error', message: 'Overloaded' } }),
};

/** Events of OpenAI's responses, each as a chunk of the body. */
export const responses = {
  created: named('response.created', { sequence_number: 0, response: response('in_progress') }),
  text: (delta: string) =>
    named('response.output_text.delta', { sequence_number: 1, item_id: 'item-1', output_index: 0, content_index: 0, delta, logprobs: [] }),
  completed: named('response.completed', { sequence_number: 2, response: response('completed') }),
  failed: named('response.failed', {
    sequence_number: 1,
    response: { ...response('failed'), error: { code: 'server_error', message: 'The server had an error' } },
  }),
};

function response(status: string): object {
  return { id: 'response-1', object: 'response', created_at: 1, model: 'gpt-x', status, output: [], error: null, incomplete_details: null };
}

function named(type: string, facts: object): string {
  return chunk(`event: ${type}\ndata: ${JSON.stringify({ type, ...facts })}\n\n`);
}
