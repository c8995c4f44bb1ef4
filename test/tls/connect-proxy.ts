import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { onTestFinished } from 'vitest';
import { pair } from './certificates.ts';

/** A request that the proxy got: a CONNECT, or one in absolute form. */
interface ProxyRequest {
  readonly line: string;
  readonly headers: IncomingHttpHeaders;
}

/** A forward proxy, as the environment names one. */
export interface ConnectProxy {
  readonly url: string;
  readonly requests: ProxyRequest[];
  /** Connections from the sidecar that are still open. */
  readonly open: Set<Duplex>;
  /** Bytes that went through its tunnels from the sidecar, as latin1. */
  tunnelled(): string;
  /** Breaks every tunnel. */
  cut(): void;
}

/** What it does with a CONNECT: lets it through to a port of this machine, says no with a status, or says nothing. */
export type OnConnect = { port: number } | { status: number } | 'hang';

/** Starts one, itself behind TLS or not, which takes every name for this machine; closed when the test has finished. */
export async function connectProxy(onConnect: OnConnect, secure = false): Promise<ConnectProxy> {
  const requests: ProxyRequest[] = [];
  const open = new Set<Duplex>();
  const onward = new Set<Socket>();
  let tunnelled = '';
  const server = secure ? createTlsServer(pair('server')) : createServer();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
  });
  server.on('connect', (request, socket) => {
    // Behind TLS it is another socket than that of the connection.
    socket.on('error', () => {});
    requests.push({ line: `CONNECT ${request.url}`, headers: request.headers });
    if (onConnect === 'hang') {
      // The server leaves it half open and unread: then it would never see the other side leave.
      socket.on('end', () => socket.end()).resume();
      return;
    }
    if ('status' in onConnect) {
      socket.end(`HTTP/1.1 ${onConnect.status} No\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const upstream = connect(onConnect.port, '127.0.0.1');
    onward.add(upstream);
    upstream.on('connect', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.on('data', (bytes: Buffer) => {
        tunnelled += bytes.toString('latin1');
      });
      socket.pipe(upstream).pipe(socket);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
    upstream.on('close', () => socket.destroy());
  });
  server.on('request', (request, response) => {
    requests.push({ line: `${request.method} ${request.url}`, headers: request.headers });
    response.end('from the proxy');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    for (const socket of [...open, ...onward]) socket.destroy();
  };
  onTestFinished(() => {
    server.close();
    cut();
  });
  const url = `http${secure ? 's' : ''}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, requests, open, tunnelled: () => tunnelled, cut };
}
