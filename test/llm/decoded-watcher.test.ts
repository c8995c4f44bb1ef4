import { brotliCompressSync, constants, createGzip, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Watcher } from '../../src/core/dialect.ts';
import { contentEncodings } from '../../src/llm/decoded-watcher.ts';
import { openai } from '../../src/llm/openai.ts';
import { json, sse } from './contract.ts';

const chat = { method: 'POST', path: '/v1/chat/completions', headers: json };
const watch = (encoding: string, headers = sse, status = 200) => openai.watch(chat, status, [...headers, 'Content-Encoding', encoding]);

const role = 'data: {"choices":[{"delta":{"role":"assistant"}}]}\n\n';
const hello = 'data: {"choices":[{"delta":{"content":"Hello"}}]}\n\n';
const done = 'data: [DONE]\n\n';
const stream = Buffer.from(role + hello + done);
const overloaded = Buffer.from(`${role}data: {"error":{"code":"server_overloaded"}}\n\n`);

const codings: [string, (bytes: Buffer) => Buffer][] = [
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  ['deflate', deflateSync],
  ['deflate', deflateRawSync],
  ['br', brotliCompressSync],
  ['zstd', zstdCompressSync],
  ['identity, gzip', gzipSync],
  ['gzip, br', (bytes) => brotliCompressSync(gzipSync(bytes))],
  ['gzip, deflate, zstd', (bytes) => zstdCompressSync(deflateSync(gzipSync(bytes)))],
];

async function feed(watcher: Watcher, chunks: readonly Uint8Array[], whole = true) {
  let judged = watcher.head;
  for (const chunk of chunks) judged = await watcher.push(chunk);
  return { judged, ending: await watcher.end(whole) };
}

const singles = (bytes: Buffer) => Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));

describe('the judgement of a compressed answer', () => {
  it.each(codings)('in %s is that of the decoded one', async (encoding, encode) => {
    for (const chunksOf of [(bytes: Buffer) => [bytes], singles]) {
      const watcher = watch(encoding);
      expect(await feed(watcher, chunksOf(encode(stream)))).toEqual({ judged: 'ok', ending: { verdict: 'ok', complete: true } });
      expect(watcher.meaningful).toBe(1);
      expect((await feed(watch(encoding), chunksOf(encode(overloaded)))).ending).toEqual({ verdict: 'overloaded', complete: false });
    }
  });

  it.each(codings)('in %s is a failure wherever the data is cut, and never an exception', async (encoding, encode) => {
    const bytes = encode(stream);
    for (let at = 0; at < bytes.length; at += 1) {
      for (const whole of [true, false]) {
        const { ending } = await feed(watch(encoding), [bytes.subarray(0, at)], whole);
        // The last bytes of a coding are checksums: all of the answer may be there before them.
        if (whole && ending.verdict === 'ok') expect(ending.complete).toBe(true);
        else expect(['network', 'server-error']).toContain(ending.verdict);
        if (at < bytes.length / 2) expect(ending.verdict).not.toBe('ok');
        if (!whole) expect(ending.complete).toBe(false);
      }
    }
  });

  it('comes as soon as the bytes of an event are there', async () => {
    const gzip = createGzip({ flush: constants.Z_SYNC_FLUSH });
    const out: Buffer[] = [];
    gzip.on('data', (chunk: Buffer) => out.push(chunk));
    const encoded = (text: string) =>
      new Promise<Buffer>((resolve) => {
        gzip.write(text, () => resolve(Buffer.concat(out.splice(0))));
      });
    const watcher = watch('gzip');
    expect(await watcher.push(await encoded(role))).toBe('more');
    expect(watcher.started).toBe(true);
    expect(await watcher.push(await encoded(hello))).toBe('ok');
    expect(await watcher.end(true)).toEqual({ verdict: 'network', complete: false });
  });

  it('is a failure where the data is corrupt', async () => {
    const bytes = gzipSync(stream);
    bytes.fill(0xff, 12, 40);
    expect((await feed(watch('gzip'), singles(bytes))).ending).toMatchObject({ complete: false });
    expect((await feed(watch('br'), [Buffer.alloc(100, 0xff)])).ending).toMatchObject({ verdict: 'network', complete: false });
  });

  it('does not mind bytes behind the end of the data', async () => {
    for (const encoded of [gzipSync(stream), deflateSync(stream)]) {
      const encoding = encoded[0] === 0x1f ? 'gzip' : 'deflate';
      const { judged } = await feed(watch(encoding), [encoded, Buffer.alloc(10)]);
      expect(judged).toBe('ok');
    }
  });

  it('goes by the code in a compressed error', async () => {
    const body = gzipSync('{"error":{"code":"insufficient_quota"}}');
    const watcher = watch('gzip', json, 429);
    expect(watcher.head).toBe('rate-limited');
    expect((await feed(watcher, [body])).ending).toEqual({ verdict: 'quota-exhausted', complete: true });
  });

  it('keeps the order of chunks that are pushed without waiting', async () => {
    const watcher = watch('gzip');
    for (const chunk of singles(gzipSync(stream))) void watcher.push(chunk);
    expect(await watcher.end(true)).toEqual({ verdict: 'ok', complete: true });
  });
});

describe('an answer that decodes to too much', () => {
  it('is let through uninspected, in bounded memory', async () => {
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024, ' '));
    const watcher = watch('gzip', json);
    const before = process.memoryUsage().arrayBuffers;
    const { judged, ending } = await feed(watcher, [bomb]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 1024 * 1024);
    expect(judged).toBe('ok');
    expect(ending).toEqual({ verdict: 'ok', complete: true });
  });

  it('is let through from a megabyte on if it shrinks too well to be an answer', async () => {
    const blanks = Buffer.alloc(2 * 1024 * 1024, '\n');
    const { ending } = await feed(watch('gzip'), [gzipSync(Buffer.concat([blanks, overloaded]))]);
    expect(ending).toEqual({ verdict: 'ok', complete: true });
  });

  it('counts its chunks as signs of life from then on, and a cut as a cut', async () => {
    const watcher = watch('gzip', json);
    await watcher.push(gzipSync(Buffer.alloc(20 * 1024 * 1024, ' ')));
    const before = watcher.meaningful;
    expect(await watcher.push(Buffer.from('x'))).toBe('ok');
    expect(watcher.meaningful).toBe(before + 1);
    expect(await watcher.end(false)).toEqual({ verdict: 'network', complete: false });
  });

  it('keeps the bad judgement that it had before', async () => {
    const text = Buffer.concat([overloaded, Buffer.alloc(20 * 1024 * 1024, ' ')]);
    expect((await feed(watch('gzip'), [gzipSync(text)])).ending).toEqual({ verdict: 'overloaded', complete: true });
  });
});

describe('the content codings of an answer', () => {
  it('are read from every field, without identity', () => {
    expect(contentEncodings(['Content-Encoding', 'GZIP, identity', 'content-encoding', 'br'])).toEqual(['gzip', 'br']);
    expect(contentEncodings([])).toEqual([]);
  });

  it('are unknown where one is unknown or there are more than three', () => {
    expect(contentEncodings(['content-encoding', 'gzip, compress'])).toBeUndefined();
    expect(contentEncodings(['content-encoding', 'gzip, gzip, gzip, gzip'])).toBeUndefined();
  });

  it('that are unknown leave only the bytes to judge by', async () => {
    const watcher = watch('compress');
    expect(watcher.head).toBe('more');
    expect(await watcher.push(Buffer.from('?'))).toBe('ok');
    expect(await watcher.end(true)).toEqual({ verdict: 'ok', complete: true });
    expect(watch('compress', json, 503).head).toBe('overloaded');
  });
});
