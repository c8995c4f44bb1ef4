import type { TlsOptions } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { statusOf, valuesOf } from '../kit/http-message.ts';
import { http } from '../kit/http-text.ts';
import { exchange } from '../kit/raw-client.ts';
import { sidecarFor } from '../kit/start-sidecar.ts';
import { within } from '../kit/timing.ts';
import { authority, certificateFile, trusting } from './certificates.ts';
import { tlsUpstream } from './tls-upstream.ts';

const post = http(['POST / HTTP/1.1', 'Host: a', 'Content-Length: 4'], 'body');
const asking: TlsOptions = { ca: authority, requestCert: true, rejectUnauthorized: true };

function identity(name: 'client' | 'stranger-client') {
  return { cert: certificateFile(name), key: certificateFile('key') };
}

describe('an upstream that asks for a certificate', () => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)('gets the one of tls.cert and tls.key (%s)', async (version) => {
    const upstream = await tlsUpstream({ tls: { ...asking, maxVersion: version } });
    const { proxy } = await sidecarFor(upstream, { upstream: { tls: { ...trusting, ...identity('client') } } });
    expect(statusOf(await exchange(proxy, post))).toBe(200);
    expect(upstream.handshakes[0]!.getPeerCertificate().subject.CN).toBe('client');
    expect(upstream.handshakes[0]!.getProtocol()).toBe(version);
  });

  test.each([
    ['there is none', {}, 'TLSv1.2'],
    ['there is none', {}, 'TLSv1.3'],
    ['it is of an authority unknown there', identity('stranger-client'), 'TLSv1.2'],
    ['it is of an authority unknown there', identity('stranger-client'), 'TLSv1.3'],
  ] as const)('gets no request where %s (%#), and the agent gets a 502 at once', async (_, settings, version) => {
    const upstream = await tlsUpstream({ tls: { ...asking, maxVersion: version } });
    const { proxy } = await sidecarFor(upstream, { upstream: { tls: { ...trusting, ...settings } } });
    const response = await within(2_000, exchange(proxy, post), 'the refusal');
    expect(statusOf(response)).toBe(502);
    expect(JSON.parse(response.body)).toMatchObject({ code: 'upstream_unreachable' });
    expect(valuesOf(response, 'x-outrigger-attempts').join()).toMatch(/^peer;verdict=(network|auth);ms=\d+$/);
    expect(upstream.requests).toHaveLength(0);
    expect(upstream.dialled).toHaveLength(1);
  });

  test('and takes none gets none of an upstream that was given one', async () => {
    const upstream = await tlsUpstream();
    const { proxy } = await sidecarFor(upstream, { upstream: { tls: { ...trusting, ...identity('client') } } });
    expect(statusOf(await exchange(proxy, post))).toBe(200);
    expect(upstream.handshakes[0]!.getPeerCertificate()).toEqual({});
  });
});
