import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimateInput, textBytesIn } from '../../src/llm/text-size.ts';

const request = (...parts: object[]) => Buffer.from(JSON.stringify({ messages: [{ role: 'user', content: parts }] }));
const text = { type: 'text', text: 'What is in this picture? It was taken at a quarter past seven in the evening.' };

describe('the tokens of a request', () => {
  it('are a quarter of its bytes', () => {
    expect(estimateInput(request(text))).toBe(Math.ceil(request(text).length / 4));
    expect(estimateInput(Buffer.from('{}'))).toBe(1);
  });

  it.each([1000, 100_000, 3_000_000])('are without %i bytes of an image', (size) => {
    const image = (url: string) => ({ type: 'image_url', image_url: { url: `data:image/png;base64,${url}` } });
    const without = estimateInput(request(text, image('')));
    const counted = estimateInput(request(text, image(Buffer.alloc(size, 'image bytes').toString('base64'))));
    expect(Math.abs(counted - without)).toBeLessThanOrEqual(128);
  });

  it('are with text of any script', () => {
    const chinese = { type: 'text', text: '这张照片里有什么?'.repeat(100) };
    expect(estimateInput(request(chinese))).toBe(Math.ceil(request(chinese).length / 4));
  });

  it('are none where the body is no JSON object', () => {
    for (const body of ['', '--border\r\ncontent-disposition: form-data', '\x1f\x8b\x08', 'null'])
      expect(estimateInput(Buffer.from(body))).toBe(0);
  });
});

describe('the text in an answer', () => {
  it('is what stands in the members that models write', () => {
    const said = { content: 'abc', tool_calls: [{ function: { name: 'never', arguments: '{\\"a\\":1}' } }], role: 'assistant', id: 'no' };
    expect(textBytesIn(Buffer.from(JSON.stringify(said)))).toBe('abc'.length + JSON.stringify('{\\"a\\":1}').length - 2);
  });

  it('is counted with its escapes, whatever stands in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (said) => {
        expect(textBytesIn(Buffer.from(JSON.stringify({ model: 'm', text: said, index: 0 })))).toBe(
          Buffer.byteLength(JSON.stringify(said)) - 2,
        );
      }),
    );
  });

  it('is never more than the piece, wherever that is cut', () => {
    const whole = Buffer.from(JSON.stringify({ content: [{ text: 'a "quoted" \\ text' }], delta: { text: 'more' } }));
    for (let end = 0; end <= whole.length; end += 1) {
      const piece = whole.subarray(0, end);
      expect(textBytesIn(piece)).toBeLessThanOrEqual(Math.max(piece.length, 0));
    }
  });
});
