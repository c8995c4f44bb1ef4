import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonArrayReader } from '../../src/llm/json-array.ts';
import { eventLimitBytes } from '../../src/llm/sse.ts';

/** The events of these chunks, as text. */
function read(...chunks: readonly (Buffer | string)[]): string[] {
  const events: string[] = [];
  const reader = new JsonArrayReader((data) => events.push(data.toString()));
  for (const chunk of chunks) reader.push(Buffer.from(chunk));
  reader.end();
  return events;
}

describe('a reader of arrays that grow', () => {
  it('gives every object of any array, wherever it is cut', () => {
    const objects = fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { maxLength: 5 });
    fc.assert(
      fc.property(objects, fc.constantFrom(0, 2), fc.array(fc.nat(400), { maxLength: 6 }), (values, indent, cuts) => {
        const bytes = Buffer.from(JSON.stringify(values, null, indent));
        const borders = [0, ...cuts.filter((cut) => cut < bytes.length).toSorted((one, other) => one - other), bytes.length];
        const chunks = borders.slice(1).map((end, i) => bytes.subarray(borders[i], end));
        expect(read(...chunks).map((text) => JSON.parse(text) as unknown)).toEqual(JSON.parse(JSON.stringify(values)));
      }),
    );
  });

  it('gives an object that stands there in place of the array', () => {
    expect(read(' {"a":[', '{}]} ')).toEqual(['{"a":[{}]}']);
  });

  it.each([
    ['an array that has no end', '[{"a":1}', ['{"a":1}', '']],
    ['an object that has none', '[{"a":1},{"b"', ['{"a":1}', '{"b"']],
    ['what is no object', '[{"a":1},"b",{"c":1}]', ['{"a":1}', '']],
    ['a page', '<html>{}</html>', ['']],
  ])('gives something that is no whole object for %s', (_, text, events) => {
    expect(read(text)).toEqual(events);
    expect(read(...Array.from(text))).toEqual(events);
  });

  it('gives nothing for nothing', () => {
    expect(read('')).toEqual([]);
    expect(read(' [ ] \n')).toEqual([]);
  });

  it('gives the first megabyte of a longer object, in whatever pieces it came, and the next one whole', () => {
    const long = `{"a":"${'x'.repeat(eventLimitBytes)}"}`;
    const whole = `[${long},{"b":1}]`;
    for (const chunks of [[whole], [whole.slice(0, 700_000), whole.slice(700_000)]]) {
      const [first, second] = read(...chunks);
      expect(first).toBe(long.slice(0, eventLimitBytes));
      expect(second).toBe('{"b":1}');
    }
  });
});
