import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Dialect } from '../../src/core/dialect.ts';
import type { RawHeaders } from '../../src/core/headers.ts';
import { anthropic } from '../../src/llm/anthropic.ts';
import { gemini } from '../../src/llm/gemini.ts';
import { ollama } from '../../src/llm/ollama.ts';
import { openai } from '../../src/llm/openai.ts';
import { answers, chat, chatOf } from './content-cases.ts';
import { json, ndjson, sse } from './contract.ts';

/** What is said, read from chunks of so many bytes. */
async function read(
  dialect: Dialect,
  request: { method: string; path: string; headers: RawHeaders },
  headers: RawHeaders,
  bytes: Buffer,
  size: number,
) {
  const reader = dialect.content!.reader(request, headers)!;
  for (let at = 0; at < bytes.length; at += size) await reader.push(bytes.subarray(at, at + size));
  return reader.end();
}

describe('what is said', () => {
  it.each(answers)('is read of %s, whole, byte by byte and compressed', async (_, dialect, request, headers, text, expected) => {
    const bytes = Buffer.from(text);
    for (const size of [1, 7, bytes.length]) expect(await read(dialect, request, headers, bytes, size)).toEqual(expected);
    expect(await read(dialect, request, [...headers, 'Content-Encoding', 'gzip'], gzipSync(bytes), 5)).toEqual(expected);
    expect(await read(dialect, request, [...headers, 'Content-Encoding', 'zstd'], zstdCompressSync(bytes), 1000)).toEqual(expected);
  });

  it.each(answers.filter(([, , , headers]) => headers !== json))(
    'has begun in %s before its end',
    async (_, dialect, request, headers, text, expected) => {
      const reader = dialect.content!.reader(request, headers)!;
      expect(reader.begun).toBe(false);
      await reader.push(Buffer.from(text));
      expect(reader.begun).toBe(expected.length > 0);
    },
  );

  it('is read without a throw, whatever stands in the place of any value', () => {
    const asked = [openai, anthropic, gemini, ollama].flatMap(({ content }) => content ?? []);
    const scalar = /"[^"]*"(?!:)|\b\d+\b|\bnull\b/g;
    fc.assert(
      fc.property(fc.constantFrom(...answers), fc.nat(), fc.jsonValue({ maxDepth: 1 }), ([, , request, , text], at, value) => {
        const places = [...text.matchAll(scalar)];
        const { index, 0: replaced } = places[at % places.length]!;
        const changed = text.slice(0, index) + JSON.stringify(value) + text.slice(index + replaced.length);
        for (const content of asked) {
          const reader = content.reader(request, text.startsWith('data') ? sse : ndjson)!;
          void reader.push(Buffer.from(changed));
          void reader.end();
          content.demand(request, Buffer.from(changed));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('is not known where it is no JSON, cut while compressed, or far too much', async () => {
    expect(await read(openai, chat, json, Buffer.from('<html>'), 3)).toBeUndefined();
    expect(await read(openai, chat, sse, Buffer.from('data: {"choices":\n\n'), 3)).toBeUndefined();
    const cut = gzipSync(chatOf({ content: 'x'.repeat(1000) })).subarray(0, 30);
    expect(await read(openai, chat, [...json, 'Content-Encoding', 'gzip'], cut, 30)).toBeUndefined();
    const bomb = gzipSync(Buffer.alloc(20 * 1024 * 1024, 0x20));
    expect(await read(openai, chat, [...json, 'Content-Encoding', 'gzip'], bomb, 64 * 1024)).toBeUndefined();
    expect(openai.content!.reader(chat, ['Content-Type', 'text/html'])).toBeUndefined();
    expect(openai.content!.reader(chat, [...json, 'Content-Encoding', 'unknown'])).toBeUndefined();
  });
});
