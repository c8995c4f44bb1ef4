import { readFileSync } from 'node:fs';
import { type AnswerCase, sse } from '../cases.ts';
import { responses } from './openai-frames.ts';

const recorded = (name: string) => readFileSync(new URL(`../recorded/openai-${name}`, import.meta.url), 'utf8');
/** The body up to the end of the event that holds this. */
const upTo = (body: string, piece: string) => body.slice(0, body.indexOf('\n\n', body.indexOf(piece)) + 2);
const usage = { input: 3, output: 5, cacheRead: 0, cacheWrite: 0, reasoning: 0 };
const good = { verdict: 'ok', complete: true, usage } as const;

function streamed(file: string, firstContent: string, rest: Partial<AnswerCase> = {}): AnswerCase {
  const body = recorded(`${file}.sse`);
  return { name: `recorded as a stream, ${file}`, headers: sse, body, ...good, judgedAfter: upTo(body, firstContent), ...rest };
}

/** Answers of aimock, as it sent them. */
export const openaiRecorded: readonly AnswerCase[] = [
  { name: 'recorded, chat', body: recorded('chat.body'), ...good },
  { name: 'recorded, chat with a tool call', body: recorded('chat-tool.body'), ...good },
  { name: 'recorded, 429', status: 429, head: 'rate-limited', body: recorded('chat-429.body'), verdict: 'rate-limited', complete: true },
  { name: 'recorded, response', request: responses, body: recorded('response.body'), ...good },
  {
    name: 'recorded, embeddings',
    request: { path: '/v1/embeddings' },
    body: recorded('embeddings.body'),
    ...good,
    usage: { ...usage, input: 0, output: 0 },
  },
  {
    name: 'recorded, moderations',
    request: { path: '/v1/moderations' },
    body: recorded('moderations.body'),
    verdict: 'ok',
    complete: true,
  },
  streamed('chat', '"content":"Gr', { meaningful: 3 }),
  streamed('chat-tool', '"tool_calls"', { meaningful: 4 }),
  streamed('chat-reasoning', '"reasoning_content"'),
  streamed('response', 'output_text.delta', { request: responses, meaningful: 5 }),
  streamed('response-tool', 'function_call_arguments.delta', { request: responses }),
  streamed('response-reasoning', 'reasoning_summary_text.delta', { request: responses }),
];
