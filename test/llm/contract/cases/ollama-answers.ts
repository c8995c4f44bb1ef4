import { type AnswerCase, ndjson } from '../cases.ts';

/** A line of a chat. */
export const said = (content: string, extra: object = {}) =>
  `${JSON.stringify({ model: 'llama', message: { role: 'assistant', content }, done: false, ...extra })}\n`;
const finished = { done: true, done_reason: 'stop', prompt_eval_count: 26, eval_count: 290 };
const end = said('', finished);
const loaded = said('', { done: true, done_reason: 'load' });
const usage = { input: 26, output: 290, cacheRead: 0, cacheWrite: 0, reasoning: 0 };
const generate = { path: '/api/generate' };
const embed = { path: '/api/embed' };
const text = (response: string, extra: object = {}) => `${JSON.stringify({ model: 'llama', response, done: false, ...extra })}\n`;
const failed = (status: number, error: string) => ({ status, body: JSON.stringify({ error }), complete: true });

const whole: AnswerCase[] = [
  { name: 'in one piece', body: said('Hi', finished).trim(), verdict: 'ok', complete: true, usage },
  { name: 'in one piece of text', request: generate, body: text('Hi', finished).trim(), verdict: 'ok', complete: true, usage },
  {
    name: 'with embeddings',
    request: embed,
    body: '{"model":"llama","embeddings":[[0.1]],"prompt_eval_count":4}',
    verdict: 'ok',
    complete: true,
    usage: { ...usage, input: 4, output: 0 },
  },
  { name: 'that the model is loaded', body: loaded.trim(), verdict: 'ok', complete: true },
  { name: 'with an error inside a 200', body: '{"error":"unexpected EOF"}', verdict: 'server-error', complete: true },
  { name: '404 of a missing model', ...failed(404, 'model "x" not found, try pulling it first'), verdict: 'model-unavailable' },
  { name: '404 of a missing model in other words', ...failed(404, "model 'x' not found"), verdict: 'model-unavailable' },
  {
    name: '404 of a path',
    status: 404,
    headers: ['Content-Type', 'text/plain'],
    body: '404 page not found',
    verdict: 'client-error',
    complete: true,
  },
  {
    name: '404 of a missing model that is shown',
    request: { path: '/api/show' },
    ...failed(404, "model 'x' not found"),
    verdict: 'model-unavailable',
  },
  { name: '400 of a long text', request: embed, ...failed(400, 'the input length exceeds the context length'), verdict: 'context-length' },
  { name: '400 of a model without tools', ...failed(400, 'registry.ollama.ai/library/x does not support tools'), verdict: 'client-error' },
  { name: '503', ...failed(503, 'server busy, please try again.  maximum pending requests exceeded'), verdict: 'overloaded' },
  { name: '500', ...failed(500, 'model requires more system memory (9 GiB) than is available (3 GiB)'), verdict: 'server-error' },
];

const streams: AnswerCase[] = [
  {
    name: 'streamed to its end',
    body: said('') + said('Hé') + said(' "done":true') + end,
    verdict: 'ok',
    complete: true,
    usage,
    meaningful: 3,
    judgedAfter: said('') + said('Hé'),
  },
  {
    name: 'streamed as text',
    request: generate,
    body: text('Hé') + text('', finished),
    verdict: 'ok',
    complete: true,
    usage,
    meaningful: 2,
    judgedAfter: text('Hé'),
  },
  {
    name: 'streamed as thoughts',
    body: said('', { message: { role: 'assistant', content: '', thinking: 'hm' } }) + end,
    verdict: 'ok',
    complete: true,
    usage,
    meaningful: 2,
    judgedAfter: said('', { message: { role: 'assistant', content: '', thinking: 'hm' } }),
  },
  {
    name: 'streamed as a tool call',
    body: said('', { message: { role: 'assistant', content: '', tool_calls: [{ function: { name: 'a', arguments: {} } }] } }) + end,
    verdict: 'ok',
    complete: true,
    usage,
    meaningful: 2,
    judgedAfter: said('', { message: { role: 'assistant', content: '', tool_calls: [{ function: { name: 'a', arguments: {} } }] } }),
  },
  { name: 'streamed that the model is loaded', body: loaded, verdict: 'ok', complete: true, judgedAfter: loaded },
  {
    name: 'streamed without a last line end',
    body: said('Hé') + end.trim(),
    verdict: 'ok',
    complete: true,
    usage,
    judgedAfter: said('Hé'),
  },
  { name: 'streamed without its end', body: said('Hé'), verdict: 'network', complete: false, judgedAfter: said('Hé') },
  {
    name: 'streamed with an error behind content',
    body: `${said('Hé')}{"error":"out of memory"}\n`,
    verdict: 'server-error',
    complete: false,
    judgedAfter: said('Hé'),
  },
  {
    name: 'streamed as an error from its start',
    body: '{"error":"model \'x\' not found"}\n',
    verdict: 'model-unavailable',
    complete: false,
    judgedAfter: '{"error":"model \'x\' not found"}\n',
  },
  { name: 'streamed as a torn line', body: '{"model":\n', verdict: 'server-error', complete: false, judgedAfter: '{"model":\n' },
  { name: 'streamed as nothing', body: '', verdict: 'server-error', complete: false },
].map((answer) => ({ ...answer, headers: ndjson }) as AnswerCase);

/** Answers of Ollama, in one piece and line by line. */
export const ollamaAnswers: readonly AnswerCase[] = [...whole, ...streams];
