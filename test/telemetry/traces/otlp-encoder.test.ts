import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OtlpEncoder } from '../../../src/telemetry/traces/otlp-encoder.ts';
import type { FinishedSpan } from '../../../src/telemetry/traces/span-sink.ts';
import { attributesIn, fieldsOf, hexIn, messagesIn, numberIn, textIn } from './protobuf.ts';

const origin = { resource: { 'service.name': 'outrigger' }, scope: { name: 'outrigger', version: '1.2.3' } };
const place = { traceId: '0123456789abcdef0123456789abcdef', spanId: '00112233445566ff', state: '', remote: false };
const span: FinishedSpan = {
  ...{ name: 'POST /v1', kind: 'server', place, parent: undefined, startMs: 1_795_000_000_000.25, endMs: 1_795_000_000_001.5 },
  ...{ failed: false, attributes: [], events: [], droppedEvents: 0, links: [] },
};

function spansIn(bytes: Uint8Array) {
  return messagesIn(fieldsOf(bytes), 1).flatMap((resource) =>
    messagesIn(resource, 2).flatMap((scope) => messagesIn(scope, 2).map((fields) => ({ resource, scope, fields }))),
  );
}

function encoded(overrides: Partial<FinishedSpan>) {
  const encoder = new OtlpEncoder(origin);
  encoder.add([{ ...span, ...overrides }]);
  return spansIn(encoder.take())[0]!.fields;
}

describe('an export as OTLP', () => {
  it('says who sends it, and has all spans since the last one', () => {
    const encoder = new OtlpEncoder(origin);
    encoder.add([span, { ...span, name: 'chat' }]);
    encoder.add([{ ...span, name: 'third' }]);
    const spans = spansIn(encoder.take());
    expect(spans.map(({ fields }) => textIn(fields, 5))).toEqual(['POST /v1', 'chat', 'third']);
    const { resource, scope } = spans[0]!;
    expect(attributesIn(messagesIn(resource, 1)[0]!, 1)).toEqual({ 'service.name': 'outrigger' });
    const [about] = messagesIn(scope, 1);
    expect([textIn(about!, 1), textIn(about!, 2)]).toEqual(['outrigger', '1.2.3']);
    encoder.add([span]);
    expect(spansIn(encoder.take())).toHaveLength(1);
  });

  it('places a span in its trace and in time', () => {
    const parent = { ...place, spanId: 'aa112233445566bb', remote: true };
    const fields = encoded({ parent, kind: 'client', failed: true, place: { ...place, state: 'a=1,b=2' }, droppedEvents: 300 });
    expect([hexIn(fields, 1), hexIn(fields, 2), textIn(fields, 3), hexIn(fields, 4)]).toEqual([
      place.traceId,
      place.spanId,
      'a=1,b=2',
      'aa112233445566bb',
    ]);
    expect([fields.get(7)![0], fields.get(8)![0]]).toEqual([1_795_000_000_000_250_000n, 1_795_000_000_001_500_000n]);
    expect([numberIn(fields, 6), numberIn(fields, 12), numberIn(messagesIn(fields, 15)[0]!, 3)]).toEqual([3, 300, 2]);
    // Sampled, and its parent is known to be remote.
    expect(numberIn(fields, 16)).toBe(0x301);
    expect(numberIn(encoded({}), 16)).toBe(0x101);
    expect(numberIn(messagesIn(encoded({}), 15)[0]!, 3)).toBe(0);
  });

  it('has events and links with their attributes', () => {
    const fields = encoded({
      events: [{ name: 'outrigger.retry', atMs: 1000, attributes: { 'outrigger.reason': 'network' } }],
      links: [{ place: { ...place, remote: true }, attributes: { 'outrigger.link': 'http' } }],
    });
    const [event] = messagesIn(fields, 11);
    expect([event!.get(1)![0], textIn(event!, 2), attributesIn(event!, 3)]).toEqual([
      1_000_000_000n,
      'outrigger.retry',
      { 'outrigger.reason': 'network' },
    ]);
    const [link] = messagesIn(fields, 13);
    expect([hexIn(link!, 1), hexIn(link!, 2), attributesIn(link!, 4), numberIn(link!, 6)]).toEqual([
      place.traceId,
      place.spanId,
      { 'outrigger.link': 'http' },
      0x301,
    ]);
  });

  it('keeps every value of an attribute, of whatever kind and length', () => {
    // UTF-8 has no halves of surrogate pairs.
    const text = fc
      .oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ minLength: 120, maxLength: 140 }))
      .map((one) => one.toWellFormed());
    const value = fc.oneof(text, fc.boolean(), fc.maxSafeInteger(), fc.double({ noNaN: true }), fc.array(text, { maxLength: 4 }));
    const key = fc.string({ minLength: 1, maxLength: 40, unit: fc.constantFrom(...'abcäö._'.split('')) });
    fc.assert(
      fc.property(fc.dictionary(key, value), (attributes) => {
        const expected = Object.fromEntries(Object.entries(attributes).map(([name, one]) => [name, Object.is(one, -0) ? 0 : one]));
        expect(attributesIn(encoded({ attributes: [attributes] }), 9)).toEqual(expected);
      }),
    );
  });

  it('has the attributes of all parts, without those that have no value', () => {
    const attributes = [{ 'http.route': '/v1', 'url.path': undefined }, { 'gen_ai.request.model': 'gpt-5' }];
    expect(attributesIn(encoded({ attributes }), 9)).toEqual({ 'http.route': '/v1', 'gen_ai.request.model': 'gpt-5' });
  });

  it.each([100, 1000, 10_000, 20_000, 1_500_000, 3_000_000])('takes a text of %i chars', (length) => {
    const content = 'ä'.repeat(length);
    expect(attributesIn(encoded({ attributes: [{ content }] }), 9)['content']).toBe(content);
  });
});
