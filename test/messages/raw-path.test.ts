import { describe, expect, test } from 'vitest';
import { statusOf } from '../kit/http-message.ts';
import { http } from '../kit/http-text.ts';
import { exchange } from '../kit/raw-client.ts';
import { rawUpstream } from '../kit/raw-upstream.ts';
import { sidecar, sidecarFor } from '../kit/start-sidecar.ts';

const allPrintable = Array.from({ length: 0x7e - 0x21 + 1 }, (_, i) => String.fromCharCode(0x21 + i))
  .filter((char) => char !== '#')
  .join('');

describe('a path reaches the upstream as it was written', () => {
  test.each([
    '/a%2Fb//c/./../d?x=[1]&y=%zz;|',
    '/',
    '/?',
    '/??',
    '/a?b?c',
    '/a/',
    '/a//',
    '//a',
    '///',
    '/./',
    '/a/..',
    '/%2e%2E/',
    '/%',
    '/%zz',
    '/a;b=c,d',
    '/a\\b',
    '/\'"<>{}^`|',
    `/q?${allPrintable}`,
    '/?a=b&a=b&&=',
    '/a+b%20c',
    `/${'long/'.repeat(1_000)}`,
  ])('%s', async (path) => {
    const upstream = await rawUpstream();
    const { proxy } = await sidecarFor(upstream);
    const response = await exchange(proxy, http([`GET ${path} HTTP/1.1`, 'Host: a']));
    expect(statusOf(response)).toBe(200);
    expect(upstream.received.split('\r\n')[0]).toBe(`GET ${path} HTTP/1.1`);
  });
});

describe('a route', () => {
  test.each([
    ['/tool', '/'],
    ['/tool/', '/'],
    ['/tool?x=1', '/?x=1'],
    ['/tool/a%2Fb//c?x=[1]', '/a%2Fb//c?x=[1]'],
    ['/tool//a', '//a'],
    ['/tool/sub/a', '/sub/a'],
  ])('takes its prefix off and nothing else: %s', async (path, sent) => {
    const { proxy, tool } = await two();
    expect(statusOf(await exchange(proxy, http([`GET ${path} HTTP/1.1`, 'Host: a'])))).toBe(200);
    expect(tool.received.split('\r\n')[0]).toBe(`GET ${sent} HTTP/1.1`);
  });

  test.each(['/toolbox', '/tool.x', '/TOOL', '/too', '/'])('does not match %s', async (path) => {
    const { proxy, tool, llm } = await two();
    expect(statusOf(await exchange(proxy, http([`GET ${path} HTTP/1.1`, 'Host: a'])))).toBe(404);
    expect(tool.received + llm.received).toBe('');
  });

  test.each([
    '/tool/../llm/x',
    '/tool/%2e%2e/llm/x',
    '/tool/.%2E/llm',
    '/tool/a/../../llm',
    '/llm/..%2ftool',
    '/./llm/../tool',
    '/tool/..\\llm',
    '//tool',
    '/%74ool',
  ])('is refused where the path as written and the path as resolved disagree on it: %s', async (path) => {
    const { proxy, tool, llm } = await two();
    expect([400, 404]).toContain(statusOf(await exchange(proxy, http([`GET ${path} HTTP/1.1`, 'Host: a']))));
    expect(tool.received + llm.received).toBe('');
  });

  test('the longest wins', async () => {
    const short = await rawUpstream();
    const long = await rawUpstream();
    const { proxy } = await sidecar({
      upstreams: { short: { url: short.url, dialect: 'http' }, long: { url: long.url, dialect: 'http' } },
      routes: [
        { path: '/a', upstream: 'short' },
        { path: '/a/b', upstream: 'long' },
      ],
    });
    for (const path of ['/a/b/c', '/a/bc', '/a/b']) await exchange(proxy, http([`GET ${path} HTTP/1.1`, 'Host: a']));
    expect(long.requests.map((request) => request.startLine)).toEqual(['GET /c HTTP/1.1', 'GET / HTTP/1.1']);
    expect(short.requests.map((request) => request.startLine)).toEqual(['GET /bc HTTP/1.1']);
  });

  test.each([
    ['/base', '/a', '/base/a'],
    ['/base/', '/a', '/base/a'],
    ['/ba%20se/v1', '/a?b', '/ba%20se/v1/a?b'],
  ])('puts the base path %s of the upstream before %s', async (base, path, sent) => {
    const upstream = await rawUpstream();
    const { proxy } = await sidecarFor({ url: upstream.url + base });
    await exchange(proxy, http([`GET ${path} HTTP/1.1`, 'Host: a']));
    expect(upstream.requests.map((request) => request.startLine)).toEqual([`GET ${sent} HTTP/1.1`]);
  });

  test.each(['/../secret', '/a/../../secret', '/%2e%2e/secret', '/..%2fsecret'])(
    'does not let %s climb out of the base path',
    async (path) => {
      const upstream = await rawUpstream();
      const { proxy } = await sidecarFor({ url: `${upstream.url}/base` });
      expect([400, 404]).toContain(statusOf(await exchange(proxy, http([`GET ${path} HTTP/1.1`, 'Host: a']))));
      expect(upstream.received).toBe('');
    },
  );

  test('a first segment with @ names the agent and is taken off', async () => {
    const { proxy, tool } = await two();
    expect(statusOf(await exchange(proxy, http(['GET /@planner/tool/x HTTP/1.1', 'Host: a'])))).toBe(200);
    expect(tool.received.split('\r\n')[0]).toBe('GET /x HTTP/1.1');
  });
});

async function two() {
  const tool = await rawUpstream();
  const llm = await rawUpstream();
  const { proxy } = await sidecar({
    upstreams: { tool: { url: tool.url, dialect: 'http' }, llm: { url: llm.url, dialect: 'http' } },
    routes: [
      { path: '/tool', upstream: 'tool' },
      { path: '/llm', upstream: 'llm' },
    ],
  });
  return { proxy, tool, llm };
}
