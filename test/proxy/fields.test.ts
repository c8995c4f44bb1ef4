import { describe, expect, it } from 'vitest';
import { portableFields, portablePath, requestFields, responseFields, trailerFields, withFields } from '../../src/proxy/fields.ts';

describe('the fields of a request', () => {
  it('keep order, case and duplicates', () => {
    const raw = ['X-B', '1', 'x-a', '2', 'X-B', '3', 'Accept', '*/*'];
    expect(requestFields(raw)).toEqual(raw);
  });

  it('lose what concerns one connection only, and what is meant for us', () => {
    const raw = [
      'Host',
      'h',
      'Connection',
      'close',
      'Keep-Alive',
      'x',
      'Transfer-Encoding',
      'chunked',
      'Upgrade',
      'h2c',
      'Expect',
      '100-continue',
      'Proxy-Authorization',
      'p',
      'HTTP2-Settings',
      's',
      'X-Outrigger-Agent',
      'a',
      'X',
      '1',
    ];
    expect(requestFields(raw)).toEqual(['X', '1']);
  });

  it('lose what the Connection header names, wherever it stands', () => {
    expect(requestFields(['X-Foo', '1', 'Connection', 'keep-alive, x-foo', 'X-Bar', '2'])).toEqual(['X-Bar', '2']);
  });

  it.each(['authorization', 'x-api-key', 'Content-Length', 'cookie'])('keep %s although the Connection header names it', (name) => {
    expect(requestFields([name, 'v', 'Connection', name])).toEqual([name, 'v']);
  });

  it('say that trailers are welcome, and nothing else of TE', () => {
    expect(requestFields(['TE', 'gzip, trailers'])).toEqual(['te', 'trailers']);
    expect(requestFields(['TE', 'gzip'])).toEqual([]);
  });
});

describe('the fields of a response', () => {
  it('keep Trailer and lose framing', () => {
    expect(
      responseFields([
        'Trailer',
        'x',
        'Transfer-Encoding',
        'chunked',
        'Connection',
        'x-hop',
        'X-Hop',
        '1',
        'Set-Cookie',
        'a',
        'Set-Cookie',
        'b',
      ]),
    ).toEqual(['Trailer', 'x', 'Set-Cookie', 'a', 'Set-Cookie', 'b']);
  });
});

describe('fields set by the configuration', () => {
  it("stand in place of the agent's own, whatever their case", () => {
    expect(withFields(['Authorization', 'agent', 'X', '1', 'AUTHORIZATION', 'again'], { authorization: 'ours' })).toEqual([
      'X',
      '1',
      'authorization',
      'ours',
    ]);
  });
});

describe('a call that moves to another upstream', () => {
  it('takes along nothing that could be a credential', () => {
    expect(
      portableFields([
        'Authorization',
        'k',
        'x-api-key',
        'k',
        'Cookie',
        'c',
        'openai-organization',
        'o',
        'Content-Type',
        'application/json',
        'x-custom',
        '1',
      ]),
    ).toEqual(['Content-Type', 'application/json']);
    expect(portablePath('/v1/x?key=secret&alt=sse&a=b')).toBe('/v1/x?alt=sse');
    expect(portablePath('/v1/x?key=secret')).toBe('/v1/x');
  });

  it('takes along what a WebSocket handshake cannot do without, and not the subprotocols, in which some carry their key', () => {
    const handshake = ['Sec-WebSocket-Key', 'a', 'Sec-WebSocket-Version', '13', 'sec-websocket-extensions', 'permessage-deflate'];
    expect(portableFields([...handshake, 'Sec-WebSocket-Protocol', 'realtime, openai-insecure-api-key.k', 'Origin', 'o'])).toEqual(
      handshake,
    );
  });
});

describe('the trailers of a response', () => {
  it('keep what may follow a body and lose what frames, routes, authenticates or describes it', () => {
    const raw = ['X-Sum', '7', 'Content-Length', '3', 'Set-Cookie', 'a=b', 'Transfer-Encoding', 'chunked', 'x-sum', '8', 'Host', 'h'];
    expect(trailerFields(raw)).toEqual(['X-Sum', '7', 'x-sum', '8']);
  });
});
