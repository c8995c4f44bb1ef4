import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { onTestFinished } from 'vitest';
import type { HttpMessage } from '../kit/http-message.ts';
import { ok } from '../kit/http-text.ts';
import { answer, type Script, UpstreamConnection } from '../kit/raw-upstream.ts';
import { pair } from './certificates.ts';

/** A scripted upstream behind TLS. */
export interface TlsUpstream {
  readonly url: string;
  readonly port: number;
  /** TCP connections, whether a handshake succeeded on them or not. */
  readonly dialled: Socket[];
  /** Handshakes that succeeded, seen from the server. */
  readonly handshakes: TLSSocket[];
  readonly connections: UpstreamConnection[];
  /** All requests that were read whole. */
  readonly requests: HttpMessage[];
}

export interface TlsUpstreamOptions {
  script?: Script;
  tls?: TlsOptions;
}

/** Starts one with the certificate for 127.0.0.1 unless the options name another; closed when the test has finished, which fails if a script did. */
export async function tlsUpstream({ script = answer(ok()), tls = {} }: TlsUpstreamOptions = {}): Promise<TlsUpstream> {
  const dialled: Socket[] = [];
  const handshakes: TLSSocket[] = [];
  const connections: UpstreamConnection[] = [];
  const requests: HttpMessage[] = [];
  const errors: unknown[] = [];
  const server = createServer({ ...pair('server'), allowHalfOpen: true, ...tls }, (socket) => {
    handshakes.push(socket);
    const connection = new UpstreamConnection(socket, requests);
    const index = connections.push(connection) - 1;
    const run = async () => script(connection, index);
    run().catch((error: unknown) => errors.push(error));
  });
  server.on('connection', (socket: Socket) => dialled.push(socket));
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of [...handshakes, ...dialled]) socket.destroy();
    if (errors.length > 0) throw new AggregateError(errors, `the upstream's script failed: ${errors.join('; ')}`);
  });
  const { port } = server.address() as AddressInfo;
  return { url: `https://127.0.0.1:${port}`, port, dialled, handshakes, connections, requests };
}
