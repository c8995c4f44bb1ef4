/** A chunk of a chat. */
export const chunk = (delta: object, extra: object = {}, reason: string | null = null) =>
  `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', model: 'gpt-5', choices: [{ index: 0, delta, finish_reason: reason }], ...extra })}\n\n`;
export const role = chunk({ role: 'assistant', content: '', refusal: null });
export const hello = chunk({ content: 'Hé "llo"' });
export const stop = chunk({}, {}, 'stop');
export const done = 'data: [DONE]\n\n';
/** Token counts as a provider tells them, and as we do. */
export const counts = {
  prompt_tokens: 100,
  completion_tokens: 50,
  total_tokens: 150,
  prompt_tokens_details: { cached_tokens: 60, cache_write_tokens: 10 },
  completion_tokens_details: { reasoning_tokens: 20 },
};
export const usage = { input: 30, output: 30, cacheRead: 60, cacheWrite: 10, reasoning: 20 };
export const usageChunk = `data: ${JSON.stringify({ id: 'chatcmpl-1', choices: [], usage: counts })}\n\n`;
/** The body of an error. */
export const error = (fields: object) => JSON.stringify({ error: { message: 'no', type: null, param: null, code: null, ...fields } });
/** A chat completion in one piece. */
export const completion = (message: object, reason = 'stop', extra: object = {}) =>
  JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion', choices: [{ index: 0, message, finish_reason: reason }], ...extra });

export const responses = { path: '/v1/responses' };
/** An event of a response. */
export const event = (type: string, fields: object = {}) =>
  `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: 1, ...fields })}\n\n`;
export const responseUsage = {
  input_tokens: 100,
  input_tokens_details: { cached_tokens: 70 },
  output_tokens: 40,
  output_tokens_details: { reasoning_tokens: 30 },
};
export const created = event('response.created', { response: { id: 'resp_1', status: 'in_progress', error: null, usage: null } });
export const added = event('response.output_item.added', { item: { type: 'message', content: [] } });
export const delta = event('response.output_text.delta', { delta: 'Hello' });
export const completed = event('response.completed', {
  response: { id: 'resp_1', status: 'completed', error: null, usage: responseUsage },
});
