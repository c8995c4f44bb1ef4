/** The part of http-proxy that the benchmark uses; the package has no types of its own. */
declare module 'http-proxy' {
  import type { Agent, IncomingMessage, ServerResponse } from 'node:http';

  interface ProxyServer {
    web(request: IncomingMessage, reply: ServerResponse): void;
    on(event: 'error', listener: (error: Error, request: IncomingMessage, reply: ServerResponse) => void): this;
  }
  const httpProxy: { createProxyServer(options: { target: string; agent?: Agent }): ProxyServer };
  export = httpProxy;
}
