import { describe, expect, it } from 'vitest';
import { openai } from '../../src/llm/openai.ts';
import { json, sse } from './contract.ts';

const long = 'x'.repeat(1_200_000);

async function judge(path: string, ...events: string[]) {
  const watcher = openai.watch({ method: 'POST', path, headers: json }, 200, sse);
  for (const event of events) await watcher.push(Buffer.from(event));
  return watcher.end(true);
}

describe('an event above 1 MB', () => {
  it('is content, and the stream is followed behind it', async () => {
    const chunk = `data: {"choices":[{"delta":{"content":"${long}"}}]}\n\n`;
    expect(await judge('/v1/chat/completions', chunk, chunk, 'data: [DONE]\n\n')).toEqual({ verdict: 'ok', complete: true });
  });

  it('can be the end mark', async () => {
    const delta = 'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"x"}\n\n';
    const completed = `event: response.completed\ndata: {"type":"response.completed","response":{"output":"${long}"}}\n\n`;
    expect(await judge('/v1/responses', delta, completed)).toEqual({ verdict: 'ok', complete: true });
  });
});
