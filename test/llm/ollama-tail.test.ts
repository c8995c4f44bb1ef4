import { describe, expect, it } from 'vitest';
import { ollama } from '../../src/llm/ollama.ts';
import { json } from './contract.ts';

/** The token counts in an answer that is too long to be parsed. */
async function usageOf(path: string, answer: string) {
  const watcher = ollama.watch({ method: 'POST', path, headers: [] }, 200, json);
  const bytes = Buffer.from(answer);
  for (let at = 0; at < bytes.length; at += 16_000) await watcher.push(bytes.subarray(at, at + 16_000));
  const { usage, verdict } = await watcher.end(true);
  expect(verdict).toBe('ok');
  return usage;
}

const numbers = Array.from({ length: 20_000 }, (_, i) => i / 20_000);
const none = { output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0 };

describe('a long answer of Ollama', () => {
  it('tells its token counts behind embeddings', async () => {
    const answer = { model: 'e', embeddings: [numbers], total_duration: 9, prompt_eval_count: 26 };
    expect(await usageOf('/api/embed', JSON.stringify(answer))).toEqual({ ...none, input: 26 });
  });

  it('tells them behind text that looks like counts', async () => {
    const content = `${'x'.repeat(70_000)} "prompt_eval_count": 7, "eval_count":8`;
    const answer = { message: { role: 'assistant', content }, done: true, prompt_eval_count: 26, eval_count: 290 };
    expect(await usageOf('/api/chat', JSON.stringify(answer, null, 1))).toEqual({ ...none, input: 26, output: 290 });
  });

  it('tells none where there are none', async () => {
    expect(await usageOf('/api/embeddings', JSON.stringify({ embedding: numbers }))).toBeUndefined();
  });
});
