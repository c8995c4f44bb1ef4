import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AnswerCopy } from '../../src/policies/cache/answer-copy.ts';
import { AnswerStore } from '../../src/policies/cache/answer-store.ts';
import { chunksOf } from '../../src/policies/cache/stored-answer.ts';

const answer = (bytes: number) => ({
  headers: [],
  body: { bytes: new Uint8Array(bytes), ends: Uint32Array.of(bytes) },
  bornAt: 0,
  freshMs: undefined,
});

it('a store keeps what was used last within its limit', () => {
  const store = new AnswerStore();
  store.limit(10_000);
  for (const key of ['a', 'b', 'c']) expect(store.keep(key, answer(1500))).toBe(true);
  store.get('a');
  store.keep('d', answer(1500));
  expect(['a', 'b', 'c', 'd'].map((key) => store.get(key) !== undefined)).toEqual([true, false, true, true]);
  expect(store.keep('e', answer(10_000))).toBe(false);
});

it('a store drops answers for copies that are being made, and refuses a copy that does not fit', () => {
  const store = new AnswerStore();
  store.limit(10_000);
  store.keep('a', answer(4000));
  expect(store.reserve(9000)).toBe(true);
  expect(store.inspect()).toMatchObject({ entries: 0, copyingBytes: 9000 });
  expect(store.reserve(1001)).toBe(false);
  expect(store.keep('a', answer(4000))).toBe(false);
  store.free(9000);
  expect(store.keep('a', answer(4000))).toBe(true);
});

it('a store that is made smaller drops what is above at once', () => {
  const store = new AnswerStore();
  store.limit(100_000);
  for (let i = 0; i < 10; i++) store.keep(String(i), answer(5000));
  store.limit(20_000);
  expect(store.inspect()).toMatchObject({ entries: 3 });
  expect(store.get('9')).toBeDefined();
});

it('answers and copies never take up more than the limit, whatever is begun, kept and dropped', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('begin' as const), announced: fc.option(fc.nat(9000), { nil: undefined }) }),
    fc.record({ kind: fc.constant('add' as const), pick: fc.nat(), bytes: fc.nat(4000) }),
    fc.record({ kind: fc.constant('keep' as const), pick: fc.nat(), key: fc.nat(5) }),
    fc.record({ kind: fc.constant('drop' as const), pick: fc.nat() }),
    fc.record({ kind: fc.constant('limit' as const), bytes: fc.integer({ min: 10_000, max: 30_000 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const store = new AnswerStore();
      let limit = 20_000;
      store.limit(limit);
      const copies: AnswerCopy[] = [];
      for (const one of steps) {
        const copy = 'pick' in one ? copies[one.pick % Math.max(copies.length, 1)] : undefined;
        if (one.kind === 'begin') copies.push(new AnswerCopy(store, 8000, one.announced));
        else if (one.kind === 'limit') limit = Math.max(one.bytes, store.inspect().copyingBytes);
        else if (one.kind === 'add') copy?.add(new Uint8Array(one.bytes));
        else if (one.kind === 'drop') copy?.drop();
        else if (one.kind === 'keep' && copy && !copy.dropped) store.keep(String(one.key), { ...answer(0), body: copy.finish() });
        if (one.kind === 'limit') store.limit(limit);
        const { bytes, copyingBytes } = store.inspect();
        expect(bytes + copyingBytes).toBeLessThanOrEqual(limit);
      }
      for (const copy of copies) copy.drop();
      expect(store.inspect().copyingBytes).toBe(0);
    }),
  );
});

it('a copy is what was added, chunk by chunk, whatever length was announced', () => {
  const chunk = fc.uint8Array({ maxLength: 3000 });
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 12 }), fc.option(fc.nat(40_000), { nil: undefined }), (chunks, announced) => {
      const store = new AnswerStore();
      store.limit(1_000_000);
      const copy = new AnswerCopy(store, 100_000, announced);
      for (const one of chunks) expect(copy.add(one)).toBe(true);
      const body = copy.finish();
      expect(chunksOf(body).map((one) => [...one])).toEqual(chunks.map((one) => [...one]));
      expect(body.bytes.buffer.byteLength).toBe(body.bytes.byteLength);
      expect(copy.add(new Uint8Array(1))).toBe(false);
    }),
  );
});
