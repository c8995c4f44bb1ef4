import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ForwardProxyError, forwardProxyFor, leadsPast, openTunnel } from '../../src/proxy/forward-proxy.ts';

const secure = new URL('https://api.example.com/v1');
const plain = new URL('http://api.example.com/v1');

describe('the forward proxy of an upstream', () => {
  test('is that of its scheme, of the lower-case variable where there are two', () => {
    const env = { https_proxy: 'http://a:1', HTTPS_PROXY: 'http://b:2', HTTP_PROXY: 'http://c:3' };
    expect(forwardProxyFor(secure, env)).toMatchObject({ secure: false, host: 'a', port: 1 });
    expect(forwardProxyFor(plain, env)).toMatchObject({ host: 'c', port: 3 });
    expect(forwardProxyFor(secure, { HTTP_PROXY: 'http://c:3' })).toBeUndefined();
    expect(forwardProxyFor(plain, { HTTPS_PROXY: 'http://c:3' })).toBeUndefined();
    expect(forwardProxyFor(secure, { https_proxy: '', HTTPS_PROXY: 'http://b:2' })).toBeUndefined();
  });

  test('has the port of its own scheme unless it names one, and HTTP where it names none', () => {
    expect(forwardProxyFor(secure, { HTTPS_PROXY: 'https://p' })).toMatchObject({ secure: true, host: 'p', port: 443 });
    expect(forwardProxyFor(secure, { HTTPS_PROXY: 'http://[fd00::1]' })).toMatchObject({ host: 'fd00::1', port: 80 });
    expect(forwardProxyFor(secure, { HTTPS_PROXY: 'p:3128' })).toMatchObject({ secure: false, host: 'p', port: 3128 });
  });

  test('is asked for the host and port of the upstream, with the credentials that its URL has', () => {
    const request = (url: string, proxy: string) => forwardProxyFor(new URL(url), { HTTPS_PROXY: proxy, HTTP_PROXY: proxy })?.request;
    expect(request('https://a.b/c', 'http://p')).toBe('CONNECT a.b:443 HTTP/1.1\r\nHost: a.b:443\r\n\r\n');
    expect(request('http://a.b', 'http://p')).toBe('CONNECT a.b:80 HTTP/1.1\r\nHost: a.b:80\r\n\r\n');
    expect(request('https://[fd00::2]:8443', 'http://u:p%3Aw%0D@p')).toBe(
      `CONNECT [fd00::2]:8443 HTTP/1.1\r\nHost: [fd00::2]:8443\r\nProxy-Authorization: Basic ${btoa('u:p:w\r')}\r\n\r\n`,
    );
  });

  test.each(['http://u:secret@:1', 'socks5://secret', 'http://%zz:secret@p', 'http://se cret'])('is refused at start: %s', (text) => {
    const refusal = 'HTTPS_PROXY is not a URL such as http://proxy.example:3128.';
    expect(() => forwardProxyFor(secure, { HTTPS_PROXY: text })).toThrow(new Error(refusal));
  });

  test.each(['localhost', 'app.localhost', 'app.localhost.', '127.0.0.1', '127.8.9.1', '[::1]'])('is none for %s', (host) => {
    expect(forwardProxyFor(new URL(`https://${host}`), { HTTPS_PROXY: 'http://p' })).toBeUndefined();
  });

  test('is none for what NO_PROXY names, the lower-case one first', () => {
    const env = { HTTPS_PROXY: 'http://p', NO_PROXY: 'example.com' };
    expect(forwardProxyFor(secure, env)).toBeUndefined();
    expect(forwardProxyFor(secure, { ...env, no_proxy: 'other.com' })).toBeDefined();
  });
});

describe('NO_PROXY', () => {
  test.each([
    ['api.example.com', true],
    ['API.Example.COM.', true],
    ['example.com', true],
    ['.example.com', true],
    ['*.example.com', true],
    ['*.api.example.com', false],
    ['.api.example.com', true],
    ['pi.example.com', false],
    ['example.co', false],
    ['other.com', false],
    ['other.com, example.com', true],
    ['other.com example.com', true],
    ['example.com:443', true],
    ['example.com:8443', false],
    ['*', true],
    ['other.com,*', true],
    ['*:443', true],
    ['*:80', false],
    ['', false],
    [' , ', false],
    ['.', false],
  ])('%j names api.example.com:443: %s', (noProxy, expected) => {
    expect(leadsPast(noProxy, secure)).toBe(expected);
  });

  test.each([
    ['fd00::1', true],
    ['[fd00::1]', true],
    ['[fd00::1]:443', true],
    ['[fd00::1]:80', false],
    ['fd00::2', false],
  ])('%j names [fd00::1]:443: %s', (noProxy, expected) => {
    expect(leadsPast(noProxy, new URL('https://[fd00::1]'))).toBe(expected);
  });
});

describe('a tunnel', () => {
  test('is open with 200, however the head is cut, and no byte behind the head is lost', async () => {
    const { socket, result, peer } = await tunnel();
    for (const part of ['HTTP/1.1 2', '00 OK\r\nVia: a\r\n\r', '\nfirst']) {
      peer.write(part);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await result).toBeNull();
    peer.end(' second');
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    expect(text).toBe('first second');
  });

  test.each([
    ['HTTP/1.1 407 Proxy Authentication Required\r\n\r\n', 'its forward proxy refused the connection with status 407'],
    ['HTTP/1.1 204 No Content\r\n\r\n', 'its forward proxy refused the connection with status 204'],
    ['SSH-2.0-OpenSSH\r\n\r\n', 'its forward proxy did not answer in valid HTTP'],
    [`HTTP/1.1 200 OK\r\nA: ${'a'.repeat(20_000)}`, 'its forward proxy answered CONNECT with a head that is too long'],
    [`HTTP/1.1 200 OK\r\nA: ${'a'.repeat(20_000)}\r\n\r\n`, 'its forward proxy answered CONNECT with a head that is too long'],
  ])('is not open, and closed at once: %.40j', async (answer, message) => {
    const { socket, result, peer } = await tunnel();
    const closed = once(peer, 'close');
    peer.write(answer);
    expect(await result).toEqual(new ForwardProxyError(message));
    expect(socket.destroyed).toBe(true);
    await closed;
  });

  test('is not open where the proxy closes without a status', async () => {
    const { result, peer } = await tunnel();
    peer.end('HTTP/1.1 200');
    expect((await result)?.message).toBe('its forward proxy refused the connection: it closed it without a status');
  });

  test('tells that it was given up, and once only', async () => {
    const { socket, result, peer, told } = await tunnel();
    const closed = once(peer, 'close');
    socket.destroy(new Error('given up'));
    expect(await result).toBeInstanceOf(ForwardProxyError);
    await closed;
    expect(told()).toBe(1);
  });
});

/** A tunnel that waits for the answer of `peer`, which is the proxy's side and has read the CONNECT. */
async function tunnel() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = forwardProxyFor(secure, { HTTPS_PROXY: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })!;
  const { promise: result, resolve } = Promise.withResolvers<Error | null>();
  let calls = 0;
  const socket = openTunnel(proxy, (error) => {
    calls += 1;
    resolve(error);
  });
  const [peer] = (await once(server, 'connection')) as [Socket];
  peer.on('error', () => {});
  onTestFinished(() => {
    server.close();
    peer.destroy();
    socket.destroy();
  });
  const [request] = (await once(peer, 'data')) as [Buffer];
  expect(String(request)).toBe(proxy.request);
  return { socket, result, peer, told: () => calls };
}
