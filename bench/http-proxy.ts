/** The usual Node proxy, http-proxy 1.18. By default it opens a connection for each request; `keep-alive` as second argument keeps them. */
import { Agent, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import httpProxy from 'http-proxy';

const proxy = httpProxy.createProxyServer({
  target: process.argv[2]!,
  ...(process.argv[3] === 'keep-alive' && { agent: new Agent({ keepAlive: true }) }),
});
proxy.on('error', (_error, _request, reply) => {
  if (reply.headersSent) reply.destroy();
  else reply.writeHead(502).end();
});
const server = createServer({ keepAliveTimeout: 75_000 }, (request, reply) => proxy.web(request, reply));
server.listen(0, '127.0.0.1', 4096, () => console.log((server.address() as AddressInfo).port));
