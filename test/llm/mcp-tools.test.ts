import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { ListedTool } from '../../src/core/dialect.ts';
import type { RawHeaders } from '../../src/core/headers.ts';
import { mcp } from '../../src/llm/mcp.ts';
import { json, sse } from './contract/cases.ts';

const list = (...tools: unknown[]) => JSON.stringify({ jsonrpc: '2.0', id: 1, result: { tools } });
const one = (annotations?: unknown) => ({ name: 'x', inputSchema: {}, annotations });

/** The tools of each message that is read in an answer, which comes in chunks of `size` bytes. */
async function read(body: string | Buffer, headers: RawHeaders = json, size = 7, whole = true) {
  const seen: (readonly ListedTool[])[] = [];
  const watcher = mcp.watchTools?.(headers, (tools) => seen.push(tools));
  const bytes = Buffer.from(body);
  for (let at = 0; at < bytes.length; at += size) await watcher?.push(bytes.subarray(at, at + size));
  await watcher?.end(whole);
  return seen;
}

describe('a list of tools', () => {
  it.each([
    ['only reads', { readOnlyHint: true }, true],
    ['only reads and is not destructive', { readOnlyHint: true, destructiveHint: false }, true],
    ['claims to read and to destroy', { readOnlyHint: true, destructiveHint: true }, false],
    ['is idempotent and not destructive', { idempotentHint: true, destructiveHint: false }, true],
    ['is idempotent and may be destructive', { idempotentHint: true }, false],
    ['is idempotent and destructive', { idempotentHint: true, destructiveHint: true }, false],
    ['is not destructive', { destructiveHint: false }, false],
    ['reads by a word that is no truth value', { readOnlyHint: 'true' }, false],
    ['says nothing', {}, false],
    ['has no annotations', undefined, false],
    ['has odd annotations', [true], false],
  ])('tells of a tool that %s whether it may be called twice', async (_name, annotations, repeatable) => {
    expect(await read(list(one(annotations)))).toEqual([[{ name: 'x', repeatable }]]);
  });

  it('is read as a stream, compressed and cut anywhere', async () => {
    const text = list(one({ readOnlyHint: true }), { name: 'ü' });
    const expected = [
      [
        { name: 'x', repeatable: true },
        { name: 'ü', repeatable: false },
      ],
    ];
    const stream = `id: 1\ndata: \n\nevent: message\nid: 2\ndata: ${text}\n\n`;
    for (let size = 1; size < 9; size += 1) {
      expect(await read(text, json, size)).toEqual(expected);
      expect(await read(stream, sse, size)).toEqual(expected);
    }
    expect(await read(gzipSync(text), [...json, 'Content-Encoding', 'gzip'])).toEqual(expected);
    expect(await read(gzipSync(stream), [...sse, 'Content-Encoding', 'gzip'])).toEqual(expected);
  });

  it.each([
    ['torn', list(one()).slice(0, -1)],
    ['an error', '{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"no"}}'],
    ['no object', '[1]'],
    ['tools of another kind', '{"result":{"tools":[{"name":7},"x",null]}}'],
    ['above 4 MB', list({ ...one({ readOnlyHint: true }), description: 'x'.repeat(4 * 1024 * 1024) })],
  ])('tells nothing where it is %s', async (_name, body) => {
    expect(await read(body, json, 64 * 1024)).toEqual([]);
  });

  it('tells nothing where it broke off, has another type or is encoded in an unknown way', async () => {
    const text = list(one({ readOnlyHint: true }));
    expect(await read(text, json, 7, false)).toEqual([]);
    expect(mcp.watchTools?.(['content-type', 'text/plain'], () => {})).toBeUndefined();
    expect(mcp.watchTools?.([...json, 'content-encoding', 'x-odd'], () => {})).toBeUndefined();
  });
});
