import { describe, expect, test } from 'vitest';
import type { Sidecar } from '../../src/sidecar.ts';
import { chunk, http, lastChunk, ok } from '../kit/http-text.ts';
import { answer, rawUpstream, type Script } from '../kit/raw-upstream.ts';
import { type SidecarSettings, sidecarFor } from '../kit/start-sidecar.ts';
import { certificateFile } from '../tls/certificates.ts';
import { type Ran, run } from './program.ts';

const chunked = http(['HTTP/1.1 200 OK', 'Content-Type: text/event-stream', 'Transfer-Encoding: chunked']);
const event =
  'data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n';
const end = 'data: [DONE]\n\n';
const question = '{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]}';

/** Exit codes of curl: a body below its framing, and a connection that was reset. */
const partial = 18;
const reset = 56;

describe('curl', () => {
  test('takes a stream that ends for whole: exit code 0', async () => {
    const { code, stdout } = await ask(answer(chunked + chunk(event) + chunk(end) + lastChunk));
    expect({ code, stdout }).toEqual({ code: 0, stdout: event + end });
  });

  test.each([
    ['by FIN', 'fin'],
    ['by RST', 'rst'],
  ] as const)('sees a stream that the upstream cuts %s, after an event that says so', async (_, how) => {
    const { code, stdout } = await ask(cutAfter(chunked + chunk(event), how));
    expect(code).toBe(partial);
    expect(stdout.startsWith(event)).toBe(true);
    expect(stdout.slice(event.length)).toMatch(/^data: \{.*"error".*\}\n\n$/);
  });

  test('sees a stream that falls silent', async () => {
    const silence: Script = async (connection) => {
      await connection.request();
      connection.send(chunked + chunk(event));
    };
    const { code, stdout } = await ask(silence, { policy: { timeout: { idle: '200ms' } } });
    expect(code).toBe(partial);
    expect(stdout).toContain('upstream_timeout');
  });

  test('sees an answer of known length that is cut', async () => {
    const { code, stdout } = await ask(cutAfter(http(['HTTP/1.1 200 OK', 'Content-Length: 100'], 'half')));
    expect({ code, stdout }).toEqual({ code: partial, stdout: 'half' });
  });

  test('sees an answer without any framing that is reset', async () => {
    const { code, stdout } = await ask(cutAfter(http(['HTTP/1.1 200 OK'], 'half')));
    expect({ code, stdout }).toEqual({ code: partial, stdout: 'half' });
  });

  test('sees a cut over HTTP/1.0, where only a reset can tell', async () => {
    const { code } = await ask(cutAfter(http(['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'], chunk('half'))), {}, ['--http1.0']);
    expect(code).toBe(reset);
  });

  test('sees a cut behind TLS', async () => {
    const { code } = await ask(cutAfter(chunked + chunk(event)), { listen: tlsListen }, trusting);
    expect(code).toBe(partial);
  });

  test('sees a cut behind TLS over HTTP/1.0', async () => {
    const cut = cutAfter(http(['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'], chunk('half')));
    const { code } = await ask(cut, { listen: tlsListen }, [...trusting, '--http1.0', '--no-alpn']);
    expect(code).toBe(reset);
  });

  // It offers http/1.0 by ALPN then, which a listener of Node's does not know.
  test.fails('speaks HTTP/1.0 over TLS', async () => {
    const { code } = await ask(answer(ok('whole')), { listen: tlsListen }, [...trusting, '--http1.0']);
    expect(code).toBe(0);
  });

  test('sees that the sidecar was stopped in the middle of a stream', async () => {
    const sent = Promise.withResolvers<void>();
    const { sidecar, url } = await start(async (connection) => {
      await connection.request();
      connection.send(chunked + chunk(event));
      sent.resolve();
    });
    const asking = curl(url);
    await sent.promise;
    await sidecar.kill();
    expect((await asking).code).not.toBe(0);
  });
});

const tlsListen = { address: '127.0.0.1:0', cert: certificateFile('server'), key: certificateFile('key') };
const trusting = ['--cacert', certificateFile('authority')];

/** Sends that and goes, once it is on its way. */
function cutAfter(sent: string, how: 'fin' | 'rst' = 'rst'): Script {
  return async (connection) => {
    await connection.request();
    connection.send(sent);
    setTimeout(() => (how === 'fin' ? connection.halfClose() : connection.reset()), 100);
  };
}

/** Asks an upstream for a chat through a sidecar. */
async function ask(script: Script, settings: SidecarSettings = {}, more: string[] = []): Promise<Ran> {
  const { url } = await start(script, settings);
  return curl(url, more);
}

async function start(script: Script, settings: SidecarSettings = {}): Promise<{ sidecar: Sidecar; url: string }> {
  const upstream = await rawUpstream(script);
  const sidecar = await sidecarFor(upstream, { upstream: { dialect: 'openai' }, ...settings });
  const scheme = settings['listen'] === undefined ? 'http' : 'https';
  return { sidecar, url: `${scheme}://${sidecar.proxy.host}:${sidecar.proxy.port}/v1/chat/completions` };
}

function curl(url: string, more: readonly string[] = []): Promise<Ran> {
  return run('curl', ['-sSN', '--max-time', '10', ...more, '-H', 'content-type: application/json', '-d', question, url]);
}
