import { describe, expect, it } from 'vitest';
import { gemini } from '../../src/llm/gemini.ts';
import { body, post } from '../policies/kit.ts';
import { json, keepsItsContract, sse } from './contract.ts';

const part = (text: string, candidate: object = {}, extra: object = {}) => ({
  candidates: [{ content: { role: 'model', parts: [{ text }] }, ...candidate }],
  ...extra,
});
const event = (data: object) => `data: ${JSON.stringify(data)}\r\n\r\n`;
const counts = {
  promptTokenCount: 100,
  cachedContentTokenCount: 60,
  candidatesTokenCount: 30,
  thoughtsTokenCount: 20,
  totalTokenCount: 150,
};
const usage = { input: 40, output: 30, cacheRead: 60, cacheWrite: 0, reasoning: 20 };
const hello = event(part('Hé', {}, { usageMetadata: { promptTokenCount: 100, totalTokenCount: 100 } }));
/** A carriage return ends a line already, whether or not a line feed follows. */
const judgedHello = hello.slice(0, -1);
const stop = event(part('', { finishReason: 'STOP' }, { usageMetadata: counts }));
const path = '/v1beta/models/gemini-3:streamGenerateContent?alt=sse';
const call = { kind: 'llm', api: 'object', model: 'gemini-3', stream: true, repeatable: true, stateful: false } as const;
const early = { input: 100, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0 };
const one = { path: '/v1/models/gemini-3:generateContent' };

keepsItsContract({
  dialect: gemini,
  request: { method: 'POST', path, headers: json },
  calls: [
    { name: 'of a stream of events', body: '{"contents":[]}', call },
    {
      name: 'of a stream as an array',
      request: { path: '/v1/models/gemini-3:streamGenerateContent' },
      body: '{}',
      call: { ...call, api: 'array' },
    },
    { name: 'of one answer', request: one, body: '{}', call: { ...call, stream: false } },
    {
      name: 'of a tuned model',
      request: { path: '/v1/tunedModels/my%20own:generateContent' },
      body: '{}',
      call: { ...call, model: 'my own', stream: false },
    },
    { name: 'with cached content', body: '{"cachedContent":"cachedContents/1"}', call: { ...call, stateful: true } },
    {
      name: 'that counts tokens',
      request: { path: '/v1/models/gemini-3:countTokens' },
      body: '{}',
      call: { kind: 'other', model: 'gemini-3', repeatable: true, stateful: false },
    },
    { name: 'for the models', request: { method: 'GET', path: '/v1/models' }, call: { kind: 'other', repeatable: false, stateful: false } },
  ],
  answers: [
    {
      name: 'with content',
      request: one,
      body: JSON.stringify(part('Hi', { finishReason: 'STOP' }, { usageMetadata: counts })),
      verdict: 'ok',
      complete: true,
      usage,
    },
    {
      name: 'that is blocked',
      request: one,
      body: '{"promptFeedback":{"blockReason":"SAFETY"}}',
      verdict: 'content-filter',
      complete: true,
    },
    {
      name: 'with a torn function call',
      request: one,
      body: JSON.stringify(part('', { finishReason: 'MALFORMED_FUNCTION_CALL' })),
      verdict: 'invalid-output',
      complete: true,
    },
    { name: '429', status: 429, body: '{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}', verdict: 'rate-limited', complete: true },
    {
      name: '400 in an array',
      status: 400,
      body: '[{"error":{"code":400,"status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}]',
      verdict: 'auth',
      complete: true,
    },
    {
      name: 'streamed to its end',
      headers: sse,
      body: hello + hello + stop,
      verdict: 'ok',
      complete: true,
      usage,
      meaningful: 3,
      judgedAfter: judgedHello,
    },
    {
      name: 'streamed without its end',
      headers: sse,
      body: hello,
      verdict: 'network',
      complete: false,
      usage: early,
      judgedAfter: judgedHello,
    },
    {
      name: 'streamed and then filtered',
      headers: sse,
      body: hello + event(part('', { finishReason: 'SAFETY' })),
      verdict: 'content-filter',
      complete: true,
      usage: early,
      judgedAfter: judgedHello,
    },
    {
      name: 'streamed with an error behind content',
      headers: sse,
      body: hello + event({ error: { code: 503, status: 'UNAVAILABLE' } }),
      verdict: 'overloaded',
      complete: false,
      usage: early,
      judgedAfter: judgedHello,
    },
    {
      name: 'streamed as an array',
      request: { path: '/v1/models/gemini-3:streamGenerateContent' },
      headers: json,
      body: '[{"candidates":[]}]',
      verdict: 'ok',
      complete: true,
      judgedAfter: '[',
    },
  ],
  codeOf: (refusal) => (refusal as { error: { details: { metadata: { code: unknown } }[] } }).error.details[0]!.metadata.code,
  breakOff: { headers: sse, begun: hello },
  speaks: [call, { ...call, api: 'array' }, { ...call, stream: false }],
});

describe('another model for a Gemini call', () => {
  const request = (text = '{"contents":[]}', headers: string[] = []) => post({ path, headers, body: body(text) });

  it('changes the path and nothing else', () => {
    const changed = gemini.retarget(request(), { upstream: 'spare', model: 'gemini/3 pro' });
    expect(changed?.path).toBe('/v1beta/models/gemini%2F3%20pro:streamGenerateContent?alt=sse');
    expect(changed?.body.bytes?.toString()).toBe('{"contents":[]}');
    expect(changed?.call()).toMatchObject({ model: 'gemini/3 pro', stream: true });
  });

  it('is refused where the body names a model too, is unreadable, or the request is signed', () => {
    const target = { upstream: 'spare', model: 'x' };
    expect(gemini.retarget(request('{"model":"models/gemini-3"}'), target)).toBeUndefined();
    expect(gemini.retarget(request('?'), target)).toBeUndefined();
    expect(gemini.retarget(request('{}', ['Signature', 'x']), target)).toBeUndefined();
    expect(gemini.retarget(post({ path: '/v1/models', body: body('{}') }), target)).toBeUndefined();
  });
});
