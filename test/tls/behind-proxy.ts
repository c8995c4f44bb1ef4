import { type WebSocket, WebSocketServer } from 'ws';
import { ok } from '../kit/http-text.ts';
import { answer, type Script } from '../kit/raw-upstream.ts';
import { startProcess } from '../life/sidecar-process.ts';
import { trusting } from './certificates.ts';
import { type ConnectProxy, connectProxy, type OnConnect } from './connect-proxy.ts';
import { type TlsUpstream, tlsUpstream } from './tls-upstream.ts';

export interface ForwardOptions {
  script?: Script;
  tls?: object;
  /** Serves WebSockets instead of the script. */
  webSockets?: (socket: WebSocket) => void;
  onConnect?: OnConnect;
  policy?: Record<string, unknown>;
  env?: NodeJS.ProcessEnv;
  host?: string;
  upstreamTls?: object;
  /** `user:password` of the proxy. */
  credentials?: string;
  proxyUrl?: string;
  /** The proxy is itself behind TLS, by a certificate of the tests' authority. */
  secureProxy?: boolean;
  /** The one variable that names the proxy; both unless set. */
  variable?: string;
  /** The host of the upstream has an address: this machine. */
  resolves?: boolean;
}

export interface BehindProxy extends Awaited<ReturnType<typeof processBehind>> {
  upstream: TlsUpstream;
  forward: ConnectProxy;
}

/** An upstream behind TLS, a forward proxy that leads there, and a sidecar process whose environment names the proxy. */
export async function startBehindProxy(options: ForwardOptions = {}): Promise<BehindProxy> {
  const { script = answer(ok()), tls = {}, webSockets, host = 'api.test.invalid' } = options;
  const upstream = await tlsUpstream({ script: webSockets ? served(webSockets) : script, tls });
  const forward = await connectProxy(options.onConnect ?? { port: upstream.port }, options.secureProxy);
  return { ...(await processBehind(`https://${host}:${upstream.port}`, forward, options)), upstream, forward };
}

/** A sidecar process with one upstream, whose environment names the proxy and nothing else of its kind. */
export async function processBehind(url: string, forward: ConnectProxy, options: ForwardOptions) {
  const { policy, upstreamTls = trusting, credentials, proxyUrl = forward.url, variable, resolves = false } = options;
  const named = credentials === undefined ? proxyUrl : proxyUrl.replace('//', `//${credentials}@`);
  const names = variable === undefined ? ['HTTPS_PROXY', 'HTTP_PROXY'] : [variable];
  const unset = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY', 'no_proxy', 'NO_PROXY'];
  const env: NodeJS.ProcessEnv = {
    ...Object.fromEntries(unset.map((name) => [name, undefined])),
    ...Object.fromEntries(names.map((name) => [name, named])),
    ...options.env,
  };
  const started = await startProcess(
    {
      upstreams: { peer: { url, dialect: 'http', tls: upstreamTls } },
      routes: [{ path: '/', upstream: 'peer', ...(policy && { policy: 'only' }) }],
      ...(policy && { policies: { only: policy } }),
    },
    { env, ...(resolves && { nodeArguments: ['--import', `data:text/javascript,${encodeURIComponent(resolvesHere)}`] }) },
  );
  const { hostname, port } = new URL(started.proxy);
  return { ...started, proxy: { host: hostname, port: Number(port) } };
}

/** What a resolver would do that knows names under test.invalid. */
const resolvesHere = `
  import dns from 'node:dns';
  const { lookup } = dns;
  dns.lookup = (name, options, found) =>
    lookup(name.endsWith('.test.invalid') ? '127.0.0.1' : name, options, found);
`;

/** Hands each connection to a WebSocket server, its first bytes included. */
function served(onSocket: (socket: WebSocket) => void): Script {
  const server = new WebSocketServer({ noServer: true });
  return async (connection) => {
    const head = await connection.requestHead();
    if (!head) return;
    const headers = Object.fromEntries(
      head.headerLines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    );
    connection.socket.removeAllListeners('data');
    server.handleUpgrade({ method: 'GET', headers, url: '/' } as never, connection.socket, Buffer.alloc(0), onSocket);
  };
}
