import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProxiedRequest } from '../../src/core/exchange.ts';
import { openai } from '../../src/llm/openai.ts';
import { retargetModel } from '../../src/llm/retarget.ts';
import { body, post } from '../policies/kit.ts';

function chat(text: string, headers: readonly string[] = []): ProxiedRequest {
  const bytes = Buffer.byteLength(text);
  return post({
    path: '/v1/chat/completions',
    body: body(text),
    headers: ['Content-Type', 'application/json', ...headers, 'Content-LENGTH', String(bytes)],
  });
}

const retarget = (request: ProxiedRequest, model = 'other') => openai.retarget(request, { upstream: 'spare', model });

async function sent(request: ProxiedRequest | undefined): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request?.body.open() ?? []) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe('another model for a call', () => {
  it('changes the bytes of the model and no other', async () => {
    const before =
      '{ "messages" : [ {"model":"nested","content":"\\"model\\":\\"x\\""} ],\n\t"model" :  "gpt-5" , "n":1.0e0, "a\\/b":"\\u00e9" }';
    const changed = retarget(chat(before), 'lla"ma ß');
    expect(await sent(changed)).toBe(before.replace('"gpt-5"', '"lla\\"ma ß"'));
    expect(changed?.body.bytes?.byteLength).toBe(changed?.body.length);
  });

  it('holds for any object: only the model differs, and the length is that of the new body', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.jsonValue(),
        fc.string(),
        fc.nat(2),
        async (others, old, model, indent) => {
          const { model: _one, ...rest } = others;
          const keys = Object.keys(rest).filter((key) => key.toLowerCase() !== 'model' && key !== '__proto__');
          const value = { ...Object.fromEntries(keys.map((key) => [key, rest[key]])), model: old };
          const changed = retarget(chat(JSON.stringify(value, undefined, indent)), model);
          const text = await sent(changed);
          expect(JSON.parse(text)).toEqual({ ...JSON.parse(JSON.stringify(value)), model });
          expect(changed?.headers.at(-1)).toBe(String(Buffer.byteLength(text)));
        },
      ),
    );
  });

  it('keeps the headers, their case and their order, but for the length', () => {
    const changed = retarget(chat('{"model":"a"}', ['X-Case', 'Kept', 'x-case', 'too']), 'abc');
    expect(changed?.headers).toEqual(['Content-Type', 'application/json', 'X-Case', 'Kept', 'x-case', 'too', 'Content-LENGTH', '15']);
  });

  it('announces no length where the agent announced none', async () => {
    const chunked = post({ path: '/v1/chat/completions', body: { ...body('{"model":"a"}'), length: undefined } });
    const changed = retarget(chunked);
    expect(changed?.body.length).toBeUndefined();
    expect(changed?.headers).toEqual([]);
    expect(await sent(changed)).toBe('{"model":"other"}');
  });

  it('describes the changed call, and can be sent again', async () => {
    const changed = retarget(chat('{"model":"a","stream":true}'));
    expect(changed?.call()).toMatchObject({ model: 'other', stream: true });
    expect(changed?.call()).toBe(changed?.call());
    expect(await sent(changed)).toBe(await sent(changed));
    expect(changed?.body.replayable).toBe(true);
  });

  it('leaves a request as it is where the target names no model', () => {
    const request = chat('not even JSON');
    expect(openai.retarget(request, { upstream: 'spare' })).toBe(request);
  });

  it.each([
    ['names no model', '{"n":1}'],
    ['names two', '{"model":"a","model":"b"}'],
    ['names a second one in escapes', '{"model":"a","\\u006dodel":"b"}'],
    ['names one more that a lenient parser would take', '{"model":"a","Model":"b"}'],
    ['names one only inside another member', '{"a":{"model":"a"}}'],
    ['is no JSON', '{"model":"a"'],
    ['is empty', ''],
  ])('is refused where the body %s', (_name, text) => {
    expect(retarget(chat(text))).toBeUndefined();
  });

  it.each([
    ['Content-Encoding', 'gzip'],
    ['Digest', 'sha-256=x'],
    ['Content-Digest', 'sha-256=:x:'],
    ['repr-digest', 'sha-256=:x:'],
    ['Content-MD5', 'x'],
    ['Signature', 'sig1=:x:'],
    ['X-Amz-Content-Sha256', 'x'],
  ])('is refused where %s stands against it', (name, value) => {
    expect(retarget(chat('{"model":"a"}', [name, value]))).toBeUndefined();
  });

  it('takes an identity encoding for none', () => {
    expect(retarget(chat('{"model":"a"}', ['content-encoding', 'identity']))).toBeDefined();
  });

  it('is refused where the body was not kept', () => {
    const gone = post({ body: body('{"model":"a"}', false) });
    expect(retargetModel(gone, 'b', () => ({ kind: 'llm', repeatable: true, stateful: false }))).toBeUndefined();
  });
});
