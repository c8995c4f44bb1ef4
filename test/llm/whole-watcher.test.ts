import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { openai } from '../../src/llm/openai.ts';
import { json } from './contract.ts';

const watch = () => openai.watch({ method: 'POST', path: '/v1/embeddings', headers: json }, 200, json);
const tail = '"usage":{"prompt_tokens":8,"completion_tokens":0},"metadata":{"usage":"none"},"tools":[{"usage":{"type":"string"}}]}';
const long = (bytes: number) => Buffer.from(`{"object":"list","data":"${'x'.repeat(bytes)}",${tail}`);

/** Frees what nothing refers to any more. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

function chunked(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}

describe('an answer above 64 KB', () => {
  it('is good as soon as it passes the limit', async () => {
    const watcher = watch();
    const bytes = long(100_000);
    expect(await watcher.push(bytes.subarray(0, 64 * 1024))).toBe('more');
    expect(await watcher.push(bytes.subarray(64 * 1024, 64 * 1024 + 1))).toBe('ok');
  });

  it.each([100, 1000, 16_384, 1_000_000])('has its tokens counted from its end, in chunks of %i bytes', async (size) => {
    const watcher = watch();
    for (const chunk of chunked(long(300_000), size)) await watcher.push(chunk);
    expect(await watcher.end(true)).toEqual({
      verdict: 'ok',
      complete: true,
      usage: { input: 8, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0 },
    });
  });

  it('is a failure if the connection broke', async () => {
    const watcher = watch();
    await watcher.push(long(100_000));
    expect(await watcher.end(false)).toMatchObject({ verdict: 'network', complete: false });
  });

  it('is kept only at its end', async () => {
    const watcher = watch();
    const chunks: WeakRef<Buffer>[] = [];
    for (let i = 0; i < 100; i += 1) {
      const chunk = Buffer.alloc(64 * 1024, 'x');
      chunks.push(new WeakRef(chunk));
      await watcher.push(chunk);
    }
    // What a WeakRef was made for lives until the event loop's turn is over.
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    expect(chunks.filter((chunk) => chunk.deref()).length).toBeLessThan(5);
    await watcher.end(true);
  });
});

describe('an answer in one piece', () => {
  it('takes white space before it for a sign of life only', async () => {
    const watcher = watch();
    await watcher.push(Buffer.from('\n  \n'));
    expect([watcher.meaningful, watcher.started]).toEqual([0, false]);
    await watcher.push(Buffer.from('{}'));
    expect([watcher.meaningful, watcher.started]).toEqual([1, true]);
  });
});

describe('an error above 64 KB', () => {
  it('is judged by its status', async () => {
    const watcher = openai.watch({ method: 'POST', path: '/v1/embeddings', headers: json }, 429, json);
    const body = JSON.stringify({ error: { code: 'insufficient_quota', message: 'x'.repeat(70_000) } });
    for (const chunk of chunked(Buffer.from(body), 10_000)) expect(await watcher.push(chunk)).toBe('rate-limited');
    expect(await watcher.end(true)).toEqual({ verdict: 'rate-limited', complete: true });
  });
});
