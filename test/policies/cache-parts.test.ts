import { describe, expect, it } from 'vitest';
import type { Event } from '../../src/core/event.ts';
import { AnswerCopy } from '../../src/policies/cache/answer-copy.ts';
import { AnswerStore } from '../../src/policies/cache/answer-store.ts';
import { directiveMs, insistsOnUpstream, listOf } from '../../src/policies/cache/cache-control.ts';
import { canonicalJson } from '../../src/policies/cache/canonical-json.ts';
import { FollowedCall } from '../../src/policies/cache/followed-call.ts';
import { chunksOf, sizeOf } from '../../src/policies/cache/stored-answer.ts';
import { storingTerms } from '../../src/policies/cache/storing-terms.ts';
import { exchange, request, wholeReply } from './kit.ts';

const canonical = (text: string) => canonicalJson(Buffer.from(text));

describe('canonical JSON', () => {
  it('is the same value without white space and with its members in order', () => {
    expect(canonical('{ "e": [1, 23, {"c":"x,y"}, []], "b": {}, "d": 1.50 , "a": null, "c": [ true ] }')).toBe(
      '{"a":null,"b":{},"c":[true],"d":1.50,"e":[1,23,{"c":"x,y"},[]]}',
    );
  });

  it('keeps values apart that differ only in where one ends and the next begins', () => {
    expect(canonical('[1,23]')).not.toBe(canonical('[12,3]'));
    expect(canonical('{"a":1,"b":2}')).not.toBe(canonical('{"a":"1,\\"b\\":2"}'));
  });

  it('leaves members of one key in their order, as readers take one or the other', () => {
    expect(canonical('{"b":0,"a":1,"a":2}')).toBe('{"a":1,"a":2,"b":0}');
    expect(canonical('{"b":0,"a":2,"a":1}')).toBe('{"a":2,"a":1,"b":0}');
  });

  it.each([
    '',
    '{',
    '[',
    '"',
    '"\\\\\\"',
    '{"a"}',
    '{"a":}',
    '{"a" 1}',
    '{a:1}',
    '{"a":1,}',
    '[1,]',
    '[1 2]',
    '[,1]',
    '{"a":1]',
    '[1}',
    '1 2',
    '"\\x"',
    ':',
  ])('is nothing for %j, which is malformed', (text) => expect(canonical(text)).toBeUndefined());

  it('writes the strings of one value one way, and those of others another', () => {
    expect(canonical('"\\u0041\\/\\"\\\\"')).toBe(canonical('"A/\\u0022\\u005c"'));
    expect(canonical('["a\\\\","b"]')).not.toBe(canonical('["a\\",\\"b"]'));
  });

  it.each([10, 100])('puts %i members in order', (count) => {
    const names = Array.from({ length: count }, (_, i) => `"${String((i * 7) % count).padStart(3, '0')}"`);
    const text = (keys: readonly string[]) => `{${[...keys.map((key) => `${key}:0`), '"x":1', '"x":2'].join(',')}}`;
    expect(canonical(text(names))).toBe(text(names.toSorted()));
  });

  it('goes 256 levels deep, of objects as of arrays, and takes 64 KB', () => {
    const nested = (levels: number) => `${'{"a":'.repeat(levels)}0${'}'.repeat(levels)}`;
    expect(canonical(nested(256))).toBe(nested(256));
    expect(canonical(nested(257))).toBeUndefined();
    const text = (length: number) => `"${'x'.repeat(length - 2)}"`;
    expect(canonical(text(65_536))).toBe(text(65_536));
    expect(canonical(text(65_537))).toBeUndefined();
  });
});

describe('what is read of Cache-Control', () => {
  it('is one list of all fields of that name and of no other', () => {
    expect(listOf(['Cache-Control', 'No-Store', 'x', 'private', 'cache-control', 'max-age=5'], 'cache-control')).toBe('no-store,max-age=5');
    expect(listOf(['x', 'private'], 'cache-control')).toBe('');
  });

  it.each([
    ['max-age=60', 60_000],
    ['no-transform, max-age= "60" ', 60_000],
    ['max-age=60,max-age=5', 5000],
    ['max-age', 0],
    ['max-age=6x', 0],
    ['max-age=x6', 0],
    ['s-maxage=60', undefined],
  ])('promises of %j are %s', (list, ms) => {
    expect(directiveMs(list, 'max-age')).toBe(ms);
  });

  it('goes before Pragma', () => {
    expect(insistsOnUpstream(['pragma', 'no-cache'])).toBe(true);
    expect(insistsOnUpstream(['pragma', 'no-cache', 'cache-control', 'no-transform'])).toBe(false);
  });
});

describe('the age of an answer that was stored before it came', () => {
  it.each([
    ['15', 15_000],
    [' 15 ', 15_000],
    ['x15', 0],
    ['15x', 0],
  ])('is, for a field of %j, %i ms', (age, ageMs) => {
    const terms = storingTerms(wholeReply({ headers: ['Age', age, 'a', 'b'] }), request(), false);
    expect(terms).toMatchObject({ ageMs, headers: ['a', 'b'] });
  });

  it('is nothing where there is none', () => {
    expect(storingTerms(wholeReply(), request(), false)).toMatchObject({ ageMs: 0 });
  });
});

describe('a call that is followed', () => {
  const started = { kind: 'attempt-started', attempt: 1 } as const;
  it.each<[event: Event, moved: boolean]>([
    [{ ...started, upstream: 'main', model: undefined }, false],
    [{ ...started, upstream: 'spare', model: undefined }, true],
    [{ ...started, upstream: 'main', model: 'small' }, true],
    [{ kind: 'bulkhead-waited', attempt: 1, upstream: 'spare', waitMs: 1 }, false],
  ])('with the event %j has moved: %s', (event, moved) => {
    const own = exchange();
    const call = new FollowedCall(own);
    call.exchange.note(event);
    expect(call.moved).toBe(moved);
    expect(own.events).toEqual([event]);
  });
});

describe('a copy that is being made', () => {
  function copying(limitBytes: number, announcedBytes?: number, roomBytes = 100_000) {
    const store = new AnswerStore();
    store.limit(roomBytes);
    return { copy: new AnswerCopy(store, limitBytes, announcedBytes), taken: () => store.inspect().copyingBytes };
  }

  it('takes the room that was announced, at once, and none for what is too long', () => {
    expect(copying(500, 500).taken()).toBe(500);
    expect(copying(500, 501).taken()).toBe(0);
    expect(copying(500).taken()).toBe(0);
  });

  it('takes twice what it has, 4 KB at first, and never more than its limit', () => {
    const { copy, taken } = copying(10_000);
    copy.add(new Uint8Array(1));
    expect(taken()).toBe(4096);
    copy.add(new Uint8Array(4095));
    expect(taken()).toBe(4096);
    copy.add(new Uint8Array(1));
    expect(taken()).toBe(8194);
    copy.add(new Uint8Array(5000));
    expect(taken()).toBe(10_000);
    expect(copy.add(new Uint8Array(1000))).toBe(false);
  });

  it('says so where there is no room', () => {
    const { copy, taken } = copying(10_000, undefined, 5000);
    expect(copy.add(new Uint8Array(4000))).toBe(false);
    expect(taken()).toBe(0);
  });

  it('is exact in the end, and gives its room back once', () => {
    const { copy, taken } = copying(500);
    copy.add(Buffer.from('some'));
    copy.add(Buffer.from(' text'));
    const body = copy.finish();
    expect(chunksOf(body).map((chunk) => Buffer.from(chunk).toString())).toEqual(['some', ' text']);
    expect(body.bytes.buffer.byteLength).toBe(9);
    copy.drop();
    expect(taken()).toBe(0);
  });
});

it('an answer takes up its bytes, the ends of its chunks, its fields and a kilobyte', () => {
  const body = { bytes: new Uint8Array(100), ends: Uint32Array.from([40, 100]) };
  expect(sizeOf({ headers: ['abc', 'de'], body, bornAt: 0, freshMs: undefined })).toBe(100 + 8 + 5 + 1024);
});
