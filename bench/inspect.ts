/** `node bench/inspect.ts`: what reading a body of 256 KB costs, in CPU time, beside a plain JSON.parse of it in the same run. */
import type { Dialect, RequestFacts } from '../src/core/dialect.ts';
import { anthropic } from '../src/llm/anthropic.ts';
import { gemini } from '../src/llm/gemini.ts';
import { ollama } from '../src/llm/ollama.ts';
import { openai } from '../src/llm/openai.ts';

const bodyBytes = 256 * 1024;
const rounds = 400;

const text = 'The quick brown fox said "jump" over\nthe lazy dog. ';
const turns = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ role: at % 2 ? 'assistant' : 'user', content: text.repeat(20) }));
const many = turns(Math.floor(bodyBytes / (text.length * 20 + 60)));

interface Case {
  readonly name: string;
  readonly dialect: Dialect;
  readonly path: string;
  readonly request: object;
  readonly answer: object;
}

const long = text.repeat(Math.floor(bodyBytes / (text.length + 3)));
const cases: readonly Case[] = [
  {
    ...{ name: 'OpenAI chat', dialect: openai, path: '/v1/chat/completions', request: { model: 'm', messages: many, stream: false } },
    answer: {
      choices: [{ index: 0, message: { role: 'assistant', content: long }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
    },
  },
  {
    ...{ name: 'OpenAI responses', dialect: openai, path: '/v1/responses', request: { model: 'm', input: many } },
    answer: {
      status: 'completed',
      output: [{ type: 'message', content: [{ type: 'output_text', text: long }] }],
      usage: { input_tokens: 1, output_tokens: 2, total_tokens: 3 },
    },
  },
  {
    ...{ name: 'Anthropic', dialect: anthropic, path: '/v1/messages', request: { model: 'm', max_tokens: 9, messages: many } },
    answer: {
      type: 'message',
      content: [{ type: 'text', text: long }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 1, output_tokens: 2 },
    },
  },
  {
    ...{ name: 'Gemini', dialect: gemini, path: '/v1beta/models/g:generateContent' },
    request: { contents: many.map(({ role, content }) => ({ role: role === 'user' ? role : 'model', parts: [{ text: content }] })) },
    answer: {
      candidates: [{ content: { parts: [{ text: long }] }, finishReason: 'STOP' }],
      usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 2, totalTokenCount: 3 },
    },
  },
  {
    ...{ name: 'Ollama', dialect: ollama, path: '/api/chat', request: { model: 'm', messages: many, stream: false } },
    answer: { model: 'm', message: { role: 'assistant', content: long }, done: true, prompt_eval_count: 1, eval_count: 2 },
  },
];

process.stdout.write(`| format | describe a request of 256 KB | watch an answer of 256 KB | both, of JSON.parse |\n|---|---|---|---|\n`);
for (const { name, dialect, path, request, answer } of cases) {
  const asked: RequestFacts = { method: 'POST', path, headers: ['content-type', 'application/json'] };
  const [body, told] = [Buffer.from(JSON.stringify(request)), Buffer.from(JSON.stringify(answer))];
  const describe = await cpuMs(() => dialect.describe(asked, body));
  const watch = await cpuMs(async () => {
    const watcher = dialect.watch(asked, 200, ['content-type', 'application/json']);
    for (let at = 0; at < told.length; at += 64 * 1024) await watcher.push(told.subarray(at, at + 64 * 1024));
    await watcher.end(true);
  });
  const parse = await cpuMs(() => [JSON.parse(body.toString()), JSON.parse(told.toString())]);
  const ratio = (describe + watch) / parse;
  process.stdout.write(`| ${name} | ${describe.toFixed(3)} ms | ${watch.toFixed(3)} ms | ${ratio.toFixed(2)} x |\n`);
}

/** CPU time of one call, the median of five runs. */
async function cpuMs(act: () => unknown): Promise<number> {
  const runs: number[] = [];
  for (let run = 0; run < 5; run += 1) {
    const before = process.cpuUsage();
    for (let round = 0; round < rounds / 5; round += 1) await act();
    const { user, system } = process.cpuUsage(before);
    runs.push((user + system) / 1000 / (rounds / 5));
  }
  return runs.sort((a, b) => a - b)[2] ?? 0;
}
