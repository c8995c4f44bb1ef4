import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WebSocketReader } from '../../src/llm/web-socket-reader.ts';
import { frame } from './web-socket-frames.ts';

const limitBytes = 100_000;

/** The texts that a reader finds in these chunks, and the reader. */
function read(chunks: readonly Buffer[], limit = limitBytes): { texts: string[]; reader: WebSocketReader } {
  const texts: string[] = [];
  const reader = new WebSocketReader(limit, (message) => texts.push(message.toString()));
  for (const chunk of chunks) reader.push(chunk);
  return { texts, reader };
}

const singles = (bytes: Buffer) => Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
const text = (content: string, options?: Parameters<typeof frame>[2]) => frame(1, Buffer.from(content), options);
const ping = frame(9, Buffer.from('still there?'));

describe('the messages of a WebSocket', () => {
  it('are found whatever their sizes, masks and frames, and however the bytes are cut', () => {
    const pieces = fc.array(fc.string({ unit: 'grapheme', maxLength: 300 }), { minLength: 1, maxLength: 4 });
    const message = fc.record({
      pieces,
      mask: fc.option(fc.integer({ min: 0, max: 0xff_ff_ff_ff }), { nil: undefined }),
      pinged: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 6 }), fc.array(fc.nat(4000), { maxLength: 12 }), (messages, cuts) => {
        const frames = messages.flatMap(({ pieces: parts, mask, pinged }) =>
          parts.flatMap((part, i) => [
            ...(pinged ? [ping] : []),
            frame(i === 0 ? 1 : 0, Buffer.from(part), { last: i === parts.length - 1, ...(mask !== undefined && { mask }) }),
          ]),
        );
        const bytes = Buffer.concat(frames);
        const at = [0, ...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b), bytes.length];
        const chunks = at.slice(1).map((end, i) => bytes.subarray(at[i], end));
        const expected = messages.map(({ pieces: parts }) => parts.join(''));
        expect(read(chunks).texts).toEqual(expected);
        expect(read(singles(bytes)).texts).toEqual(expected);
      }),
    );
  });

  it.each([125, 126, 65_535, 65_536])('are found when they have %i bytes', (length) => {
    const content = 'x'.repeat(length);
    for (const mask of [undefined, 7]) {
      const bytes = text(content, mask === undefined ? {} : { mask });
      expect(read([bytes]).texts).toEqual([content]);
      expect(read([bytes.subarray(0, 3), bytes.subarray(3)]).texts).toEqual([content]);
    }
  });

  it('are given up to the limit, and those behind a long one are whole again', () => {
    const bytes = Buffer.concat([text('x'.repeat(5000), { mask: 9 }), text('next', { mask: 5 })]);
    expect(read(singles(bytes), 1000).texts).toEqual(['x'.repeat(1000), 'next']);
  });

  it('are told from binary ones', () => {
    const binary = [frame(2, Buffer.from('no'), { last: false }), frame(0, Buffer.from('no')), text('yes')];
    expect(read(binary).texts).toEqual(['yes']);
  });

  it('are not looked for once an extension is at work', () => {
    const compressed = text('no');
    compressed[0] = 0xc1;
    expect(read([compressed, text('neither')]).texts).toEqual([]);
  });

  it('end with a close', () => {
    expect(read([text('a')]).reader.closed).toBe(false);
    expect(read([text('a'), frame(8, Buffer.from([3, 232]))]).reader.closed).toBe(true);
    expect(read([frame(8, Buffer.alloc(0), { mask: 1 })]).reader.closed).toBe(true);
  });
});
