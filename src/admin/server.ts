import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { splitAddress } from '../settings/address.ts';
import { checkCaller, checkToken } from './access.ts';
import { AdminError, type AdminErrorCode, adminErrors, errorBody } from './admin-error.ts';
import { adminRoutes } from './admin-routes.ts';
import { readBody } from './read-body.ts';
import { type AdminAnswer, type AdminRoute, type AdminStream, findRoute } from './route.ts';
import { type AdminSettings, isGuarded } from './settings.ts';
import type { AdminSources } from './sources.ts';
import { Streams } from './streams.ts';

export interface AdminServerOptions {
  readonly sources: AdminSources;
  /** Asked at each request, so that a new token or host counts at once; `listen` only at the start. */
  readonly settings: () => AdminSettings;
  /** Waited for before a request is answered, by its path: brings up to date what is shown there. */
  readonly before?: (path: string) => Promise<void> | undefined;
  /** Further things to answer. */
  readonly routes?: readonly AdminRoute[];
  /** Hears of every error that is answered as `internal_error`. */
  readonly onError?: (error: unknown) => void;
  /** From a connection's first byte to the end of a request's head. */
  readonly headersTimeoutMs?: number;
}

export interface AdminServer {
  /** Base URL by the address that it listens on, without a slash at its end. */
  readonly url: string;
  /** Takes no more connections, lets answers under way finish for a second, then closes. */
  close(): Promise<void>;
}

/** Sent with every answer. The page may load its own script and style, ask this server, and nothing else. */
const securityHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

const graceMs = 1000;

/** Starts the admin port. Rejects where the address is taken, or open to others without a token. */
export async function startAdminServer(options: AdminServerOptions): Promise<AdminServer> {
  const { listen, token } = options.settings();
  if (!isGuarded({ listen, token })) throw new Error(`the admin address ${listen} is not loopback and needs a token (admin.token)`);
  const routes = [...adminRoutes(options.sources), ...(options.routes ?? [])];
  const streams = new Streams();
  const headersTimeout = options.headersTimeoutMs ?? 10_000;
  const server = createServer(
    {
      headersTimeout,
      requestTimeout: Math.max(30_000, headersTimeout),
      keepAliveTimeout: 5000,
      connectionsCheckingInterval: Math.min(1000, headersTimeout),
      maxHeaderSize: 16 * 1024,
      // A request without a Host is answered like one with a foreign Host.
      requireHostHeader: false,
    },
    (request, response) => void answer(request, response, routes, options, streams),
  );
  server.maxConnections = 256;
  // Also for who asks and does not read.
  server.timeout = 60_000;
  server.on('clientError', refuse);
  await started(server, listen);
  return {
    url: urlOf(server),
    close() {
      streams.close();
      return closed(server);
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  routes: readonly AdminRoute[],
  options: AdminServerOptions,
  streams: Streams,
) {
  try {
    const found = await answerOf(request, routes, options);
    if ('open' in found) streams.serve(response, found, securityHeaders);
    else send(response, found);
  } catch (error) {
    if (!(error instanceof AdminError)) options.onError?.(error);
    const { code, message, headers } =
      error instanceof AdminError ? error : new AdminError('internal_error', 'this failed; the log says why');
    send(response, { status: adminErrors[code], type: 'application/json; charset=utf-8', text: errorBody(code, message), headers });
  }
}

async function answerOf(
  request: IncomingMessage,
  routes: readonly AdminRoute[],
  { settings: settingsNow, before }: AdminServerOptions,
): Promise<AdminAnswer | AdminStream> {
  const settings = settingsNow();
  const [path = '', ...queries] = (request.url ?? '').split('?');
  checkCaller(request, path, settings);
  checkToken(request, path, settings.token);
  const { route, params } = findRoute(routes, request.method ?? '', path);
  await before?.(path);
  const query = new URLSearchParams(queries.join('?'));
  const lastEventId = request.headers['last-event-id'];
  return route.handle({
    params,
    query,
    lastEventId: typeof lastEventId === 'string' ? lastEventId : undefined,
    body: route.method === 'POST' ? await readBody(request, route) : undefined,
  });
}

function send(response: ServerResponse, { status, type, text, headers }: AdminAnswer) {
  const body = Buffer.from(text);
  response.writeHead(status, { ...securityHeaders, 'content-type': type, 'content-length': body.byteLength, ...headers });
  response.end(body);
}

/** Answers what Node could not read as a request. */
function refuse(error: NodeJS.ErrnoException, socket: Socket) {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [code, message] = unreadable(error.code);
  const body = errorBody(code, message);
  const head = {
    ...securityHeaders,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${adminErrors[code]} ${code}\r\n${lines.join('')}\r\n${body}`);
}

function unreadable(code: string | undefined): [AdminErrorCode, string] {
  if (code === 'HPE_HEADER_OVERFLOW') return ['headers_too_large', 'the head of the request is too large'];
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return ['request_timeout', 'the request took too long to arrive'];
  return ['bad_request', 'this is not a request of HTTP'];
}

function started(server: Server, listen: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(splitAddress(listen), () => {
    server.off('error', reject);
    resolve();
  });
  return promise;
}

function closed(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  server.close(() => {
    clearTimeout(cut);
    resolve();
  });
  return promise;
}

function urlOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
