import { describe, expect, it } from 'vitest';
import { http } from '../../src/llm/http.ts';
import { post } from '../policies/kit.ts';
import { json, keepsItsContract, sse } from './contract.ts';

const get = { method: 'GET', path: '/things', headers: [] };
const call = { kind: 'other', repeatable: false, stateful: false } as const;

keepsItsContract({
  dialect: http,
  decodes: false,
  request: { method: 'POST', path: '/search', headers: json },
  calls: [
    { name: 'of anything', body: '{"model":"gpt-5","stream":true}', call },
    { name: 'of a GET', request: get, call },
  ],
  answers: [
    { name: 'of any length', body: 'hello', verdict: 'ok', complete: true, judgedAfter: 'h' },
    {
      name: 'that announces a short length',
      headers: ['Content-Length', '5'],
      body: 'hello',
      verdict: 'ok',
      complete: true,
      judgedAfter: 'hello',
    },
    {
      name: 'that announces a long length',
      headers: ['Content-Length', '65537'],
      body: 'hello',
      verdict: 'ok',
      complete: true,
      judgedAfter: 'h',
    },
    { name: 'without a body', headers: ['Content-Length', '0'], body: '', verdict: 'ok', complete: true },
    { name: '404', status: 404, body: '{"error":{"code":"insufficient_quota"}}', verdict: 'client-error', complete: true },
    { name: '503', status: 503, body: '', verdict: 'overloaded', complete: true },
    {
      name: 'streamed as events',
      headers: sse,
      body: ': wait\n\ndata: a\n\n: wait\n\ndata: b\n\n',
      verdict: 'ok',
      complete: true,
      meaningful: 2,
      judgedAfter: ': wait\n\ndata: a\n\n',
    },
    { name: 'streamed as comments only', headers: sse, body: ': wait\n\n', verdict: 'ok', complete: true, meaningful: 0 },
  ],
  codeOf: (refusal) => (refusal as { code: unknown }).code,
  breakOff: undefined,
  speaks: [],
});

describe('the http dialect', () => {
  it('judges by the head what has no body', async () => {
    for (const watcher of [
      http.watch({ ...get, method: 'HEAD' }, 200, ['content-length', '5']),
      http.watch(get, 204, []),
      http.watch(get, 304, ['content-length', '5']),
    ]) {
      expect(watcher.head).toBe('ok');
      expect(await watcher.end(true)).toEqual({ verdict: 'ok', complete: true });
    }
  });

  it('judges a standing stream by its head', () => {
    expect(http.watch(get, 200, sse).head).toBe('ok');
  });

  it('takes every chunk of a compressed stream for content', async () => {
    const watcher = http.watch(post(), 200, [...sse, 'content-encoding', 'gzip']);
    expect(await watcher.push(Buffer.from([0x1f]))).toBe('ok');
    expect(await watcher.push(new Uint8Array())).toBe('ok');
    expect(watcher.meaningful).toBe(1);
  });

  it('refuses by problem details of RFC 9457', () => {
    expect(
      http
        .refuse({
          kind: 'failure',
          verdict: 'refused',
          origin: 'ourselves',
          code: 'circuit_open',
          message: 'm',
          sent: 'no',
          reusedSocket: false,
        })
        .headers.slice(0, 2),
    ).toEqual(['content-type', 'application/problem+json']);
  });

  it('can go to another upstream, but has no model to change', () => {
    const request = post();
    expect(http.retarget(request, { upstream: 'spare' })).toBe(request);
    expect(http.retarget(request, { upstream: 'spare', model: 'x' })).toBeUndefined();
  });
});
