import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Decoder } from '../../src/llm/decoder.ts';

const lengthOf = (chunks: readonly Buffer[]) => chunks.reduce((sum, chunk) => sum + chunk.length, 0);

describe('the decoder of a content coding', () => {
  it('gives out little more than its limit, even of one chunk that decodes to much more', async () => {
    const decoder = new Decoder('gzip', 100_000);
    const out = await decoder.decode(gzipSync(Buffer.alloc(50 * 1024 * 1024)));
    expect(decoder.state).toBe('full');
    expect(lengthOf(out)).toBeGreaterThan(100_000);
    expect(lengthOf(out)).toBeLessThan(200_000);
    expect(await decoder.decode(Buffer.from('x'))).toEqual([]);
    expect(await decoder.finish()).toEqual([]);
  });

  it('tells data that is over from data that was cut', async () => {
    const bytes = gzipSync('hello');
    const over = new Decoder('gzip', 100);
    expect(lengthOf([...(await over.decode(bytes)), ...(await over.finish())])).toBe(5);
    expect(over.state).toBe('over');
    const cut = new Decoder('gzip', 100);
    await cut.decode(bytes.subarray(0, -4));
    await cut.finish();
    expect(cut.state).toBe('broken');
  });

  it('has nothing to give where it was given nothing', async () => {
    const decoder = new Decoder('br', 100);
    expect(await decoder.finish()).toEqual([]);
    decoder.close();
    expect(decoder.state).toBe('going');
  });
});
