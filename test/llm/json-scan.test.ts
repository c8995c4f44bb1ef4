import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSet, objectEnd, scanObject, textOf } from '../../src/llm/json-scan.ts';

/** The values that the scan found, each parsed from its own range, beside those that JSON.parse gives. */
function valuesOf(text: string): Record<string, unknown> | undefined {
  const bytes = Buffer.from(text);
  const members = scanObject(bytes);
  return members && Object.fromEntries([...members].map(([key, { start, end }]) => [key, JSON.parse(bytes.toString('utf8', start, end))]));
}

/** JSON with white space and escapes that JSON.stringify would not write. */
function respelled(value: object, indent: number): string {
  return JSON.stringify(value, undefined, indent).replaceAll(
    /(?<!\\)([a-z])(?=[^"]*":)/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const withoutProto = fc.dictionary(
  fc.string({ unit: 'binary' }).filter((key) => key !== '__proto__'),
  fc.jsonValue({ noUnicodeString: false }),
);

describe('the scan of a JSON object', () => {
  it('finds the members and values that JSON.parse finds', () => {
    fc.assert(
      fc.property(withoutProto, fc.nat(3), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        expect(valuesOf(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('finds members whose keys are written in escapes', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.nat()), fc.nat(2), (value, indent) => {
        expect(valuesOf(respelled(value, indent))).toEqual(value);
      }),
    );
  });

  it('takes nothing for an object that JSON.parse takes for malformed, strings aside', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"b"',
      '1',
      '-',
      '0',
      '.5',
      'e1',
      'true',
      'null',
      'nul',
      ' ',
      '\n',
      '\v',
      '"',
      '\\',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (inner) => {
        const text = `{${inner.join('')}}`;
        // Nobody looks into strings that are values: an escape or a control character may be wrong there.
        const scanned = scanObject(Buffer.from(text)) !== undefined;
        if (scanned) expect(isJsonObject(text.replaceAll(/"(?:[^"\\]|\\.)*"/gs, '"s"'))).toBe(true);
        else expect(isJsonObject(text)).toBe(false);
      }),
      { numRuns: 3000 },
    );
  });

  it('takes no prefix of an object for the object', () => {
    const bytes = Buffer.from(JSON.stringify({ a: { b: ['ä\\"', -1.5e-3, true, null, {}] }, c: 'x'.repeat(100), d: [] }));
    for (let end = 0; end < bytes.length; end += 1) expect(scanObject(bytes.subarray(0, end))).toBeUndefined();
    expect(scanObject(bytes)?.size).toBe(3);
  });

  it('finds the end of a long string behind any run of backslashes', () => {
    for (let length = 30; length < 70; length += 1) {
      for (let backslashes = 0; backslashes < 6; backslashes += 1) {
        const value = { a: `${'x'.repeat(length)}${'\\'.repeat(backslashes)}`, b: `"${'"\\'.repeat(length)}`, c: 1 };
        expect(valuesOf(JSON.stringify(value))).toEqual(value);
      }
    }
  });

  it.each([
    ['an array', '[{"a":1}]'],
    ['a byte order mark', '\ufeff{"a":1}'],
    ['something behind the object', '{"a":1}{'],
    ['a key with a broken escape', '{"mod\\x65l":1}'],
    ['a key with a line break', '{"a\nb":1}'],
    ['a comment', '{"a":1/* */}'],
    ['a comma too many', '{"a":1,}'],
    ['a number with a leading zero', '{"a":01}'],
    ['nothing', ''],
  ])('refuses %s', (_name, text) => {
    expect(scanObject(Buffer.from(text))).toBeUndefined();
  });

  it('refuses bytes that are no UTF-8', () => {
    expect(scanObject(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).toBeUndefined();
  });

  it('refuses to go deeper than 512 levels, and survives much more', () => {
    const nested = (depth: number) => Buffer.from(`{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`);
    expect(scanObject(nested(511))?.size).toBe(1);
    expect(scanObject(nested(512))).toBeUndefined();
    expect(scanObject(nested(1_000_000))).toBeUndefined();
  });

  it('counts how often a key stands there, however it is spelled, and not inside values', () => {
    const members = scanObject(Buffer.from('{"model":1,"x":{"model":2},"mod\\u0065l":3}'));
    expect(members?.get('model')?.hits).toBe(2);
    expect(members?.get('x')?.hits).toBe(1);
  });

  it('reads a text only where it is one and there is no doubt', () => {
    const read = (text: string) => textOf(Buffer.from(text), scanObject(Buffer.from(text))?.get('a'));
    expect(read('{"a":"\\u00e4ö"}')).toBe('äö');
    expect(read('{"a":1}')).toBeUndefined();
    expect(read('{"a":"x","a":"x"}')).toBeUndefined();
    expect(read('{"b":"x"}')).toBeUndefined();
    expect(read('{"a":"\\q"}')).toBeUndefined();
  });

  it('takes null, false and a missing member for not set, and a repeated one for set', () => {
    const set = (text: string) => isSet(Buffer.from(text), scanObject(Buffer.from(text))?.get('a'));
    expect([set('{}'), set('{"a":null}'), set('{"a":false}')]).toEqual([false, false, false]);
    expect([set('{"a":0}'), set('{"a":""}'), set('{"a":null,"a":null}')]).toEqual([true, true, true]);
  });

  it('finds where an object ends in the middle of other bytes', () => {
    expect(objectEnd(Buffer.from('xx{"a":{"b":"}"}}yy'), 2)).toBe(17);
    expect(objectEnd(Buffer.from('xx{"a":{"b":"}"}'), 2)).toBe(-1);
    expect(objectEnd(Buffer.from('[]'), 0)).toBe(-1);
  });
});

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
